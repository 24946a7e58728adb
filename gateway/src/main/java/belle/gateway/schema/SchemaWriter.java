package belle.gateway.schema;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.TreeMap;

/** Writes shapes as JSON Schema (draft 2020-12, as OpenAPI 3.1 has it); named objects become components. */
public final class SchemaWriter {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final TreeMap<String, ObjectNode> components = new TreeMap<>();

    /** Returns the schema of a shape; structs are references into {@link #components()}. */
    public ObjectNode write(Shape shape) {
        ObjectNode schema = JSON.objectNode();
        switch (shape) {
            case Shape.Any _ -> {}
            case Shape.Text(int least, int most) -> {
                schema.put("type", "string");
                bounds(schema, "minLength", least, "maxLength", most);
            }
            case Shape.Pattern(String regex, String about) ->
                schema.put("type", "string").put("pattern", "^" + regex + "$").put("description", about);
            case Shape.Word(List<String> words) -> {
                schema.put("type", "string");
                words.forEach(schema.putArray("enum")::add);
            }
            case Shape.Whole(long least, long most) ->
                schema.put("type", "integer").put("minimum", least).put("maximum", most);
            case Shape.Decimal(double least, double most) ->
                schema.put("type", "number").put("minimum", least).put("maximum", most);
            case Shape.Flag _ -> schema.put("type", "boolean");
            case Shape.ListOf(Shape item, int least, int most) -> {
                schema.put("type", "array").set("items", write(item));
                bounds(schema, "minItems", least, "maxItems", most);
            }
            case Shape.MapOf(Shape.Pattern keys, Shape value, int most) -> {
                schema.put("type", "object").put("maxProperties", most);
                schema.putObject("patternProperties").set("^" + keys.regex() + "$", write(value));
                schema.put("additionalProperties", false);
            }
            case Shape.Struct struct -> {
                component(struct);
                schema.put("$ref", "#/components/schemas/" + struct.name());
            }
            case Shape.AnyOf(List<Shape> shapes) -> {
                var any = schema.putArray("anyOf");
                shapes.forEach(s -> any.add(write(s)));
            }
            case Shape.OrNull(Shape inner) ->
                schema.putArray("anyOf").add(write(inner)).add(JSON.objectNode().put("type", "null"));
        }
        return schema;
    }

    /** Returns the schemas of all named objects written so far, by name. */
    public ObjectNode components() {
        ObjectNode all = JSON.objectNode();
        components.forEach(all::set);
        return all;
    }

    private void component(Shape.Struct struct) {
        if (components.containsKey(struct.name())) {
            return;
        }
        ObjectNode schema = JSON.objectNode().put("type", "object");
        components.put(struct.name(), schema);
        var required = JSON.arrayNode();
        ObjectNode properties = schema.putObject("properties");
        for (Field field : struct.fields()) {
            Shape shape = field.required() ? field.shape() : new Shape.OrNull(field.shape());
            ObjectNode property = write(shape);
            properties.set(field.name(), property.put("description", field.about()));
            if (field.required()) {
                required.add(field.name());
            }
        }
        if (!required.isEmpty()) {
            schema.set("required", required);
        }
    }

    private static void bounds(ObjectNode schema, String leastName, int least, String mostName, int most) {
        if (least > 0) {
            schema.put(leastName, least);
        }
        if (most < Integer.MAX_VALUE) {
            schema.put(mostName, most);
        }
    }
}
