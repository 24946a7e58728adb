package belle.client;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** What a server may be asked. */
public sealed interface Request permits Question, Scoring {
    /** The call that it goes to. */
    Api api();

    /** The request's body. */
    ObjectNode body(ObjectMapper json);
}
