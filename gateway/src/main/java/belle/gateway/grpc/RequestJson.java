package belle.gateway.grpc;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.MapEntry;
import com.google.protobuf.Message;
import java.util.List;
import java.util.Set;

/**
 * Requests as the bodies that HTTP would be sent: the fields have the same names. So the same table checks them, and finds
 * the same faults in the same words.
 */
final class RequestJson {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    /** Messages whose fields stand in HTTP's body itself. */
    private static final Set<String> INLINE = Set.of("sampling", "call");

    private RequestJson() {}

    /** Returns the body. A text that is empty where the message cannot tell that from missing is missing. */
    static ObjectNode of(Message message) {
        ObjectNode body = JSON.objectNode();
        for (FieldDescriptor field : message.getDescriptorForType().getFields()) {
            if (field.isMapField()) {
                body.set(field.getName(), map((List<?>) message.getField(field)));
            } else if (field.isRepeated()) {
                body.set(field.getName(), list(field, (List<?>) message.getField(field)));
            } else if (message.hasField(field)) {
                add(body, field, message.getField(field));
            }
        }
        return body;
    }

    private static void add(ObjectNode body, FieldDescriptor field, Object value) {
        JsonNode node = node(field, value);
        if (INLINE.contains(field.getName())) {
            body.setAll((ObjectNode) node);
        } else if (field.getName().equals("prompt_ids")) {
            body.set("prompt", node.get("ids"));
        } else {
            body.set(field.getName(), node);
        }
    }

    private static ArrayNode list(FieldDescriptor field, List<?> values) {
        ArrayNode list = JSON.arrayNode(values.size());
        values.forEach(value -> list.add(node(field, value)));
        return list;
    }

    private static ObjectNode map(List<?> entries) {
        ObjectNode map = JSON.objectNode();
        for (Object entry : entries) {
            var pair = (MapEntry<?, ?>) entry;
            FieldDescriptor value = pair.getDescriptorForType().findFieldByNumber(2);
            FieldDescriptor key = pair.getDescriptorForType().findFieldByNumber(1);
            map.set(node(key, pair.getField(key)).asText(), node(value, pair.getField(value)));
        }
        return map;
    }

    private static JsonNode node(FieldDescriptor field, Object value) {
        return switch (value) {
            case String text -> JSON.textNode(text);
            case Boolean flag -> JSON.booleanNode(flag);
            case Double number -> decimal(number);
            case Long number -> JSON.numberNode(number);
            case Integer number
            when field.getType() == FieldDescriptor.Type.UINT32 -> JSON.numberNode(Integer.toUnsignedLong(number));
            case Integer number -> JSON.numberNode(number);
            case Message message -> of(message);
            case EnumValueDescriptor word -> JSON.textNode(word.getName());
            default -> throw new IllegalArgumentException("no field of a request has this type: " + field);
        };
    }

    /** What has no fraction is shown without one, as whoever sent it would write it. */
    private static JsonNode decimal(double number) {
        boolean whole = number == Math.rint(number) && Math.abs(number) <= 1L << 53;
        return whole ? JSON.numberNode((long) number) : JSON.numberNode(number);
    }
}
