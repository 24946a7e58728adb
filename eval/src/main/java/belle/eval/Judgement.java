package belle.eval;

import belle.proto.bundle.FileHash;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What the judge model said of an answer.
 *
 * @param item the question's number
 * @param answer the answer's hash: a judgement is of that answer alone
 * @param score from 0 to 1; null if none of the judge's replies carries one
 * @param asked how many replies the judge gave
 * @param said the last of them
 * @param failure why the judge gave no reply; empty if it gave one
 */
public record Judgement(long item, String answer, @Nullable Double score, int asked, String said, String failure)
        implements Entry {
    /** Whether this is of {@code reply}, not of what the model said in another run. */
    boolean isOf(Reply reply) {
        return answer.equals(hash(reply.answer()));
    }

    static String hash(String answer) {
        return FileHash.of(answer.getBytes(StandardCharsets.UTF_8)).substring(0, 16);
    }
}
