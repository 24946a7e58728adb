package belle.gateway;

import static belle.gateway.Fixture.json;
import static org.assertj.core.api.Assertions.assertThat;

import belle.gateway.api.OpenApi;
import belle.gateway.schema.Shape;
import belle.gateway.schema.ShapeCheck;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The OpenAPI document, held against itself and against the running server. */
class OpenApiTest {
    private final JsonNode document = json(OpenApi.document().toString());

    @Test
    void everyReferenceLeadsToASchema() {
        List<String> references = document.findValuesAsText("$ref");
        assertThat(references).isNotEmpty().allSatisfy(reference -> {
            assertThat(reference).startsWith("#/");
            assertThat(document.at(reference.substring(1)).isObject())
                    .as(reference)
                    .isTrue();
        });
    }

    @Test
    void everyOperationHasAnIdASummaryAndDescribesItsErrors() {
        List<String> ids = new ArrayList<>();
        for (JsonNode path : document.get("paths")) {
            for (JsonNode operation : path) {
                ids.add(operation.get("operationId").asText());
                assertThat(operation.get("summary").asText()).isNotBlank();
                for (var response : operation.get("responses").properties()) {
                    assertThat(response.getValue().get("description").asText()).isNotBlank();
                    boolean error = Integer.parseInt(response.getKey()) >= 400;
                    assertThat(response.getValue()
                                            .at("/content/application~1json")
                                            .isObject()
                                    || !error)
                            .isTrue();
                }
            }
        }
        assertThat(ids).doesNotHaveDuplicates().hasSize(14);
    }

    @Test
    void everyPathOfTheDocumentIsServed() {
        try (Fixture gateway = Fixture.with("")) {
            assertThat(json(gateway.get("/openapi.json"))).isEqualTo(document);
            for (var path : document.get("paths").properties()) {
                String concrete = path.getKey()
                        .replace("{model}", "fake")
                        .replace("{stream}", "x")
                        .replace("{session}", "nobody");
                boolean get = path.getValue().has("get");
                int status = get
                        ? gateway.get(concrete).statusCode()
                        : gateway.post(concrete, "{}").statusCode();
                assertThat(path.getValue()
                                .at("/" + (get ? "get" : "post") + "/responses")
                                .has("" + status))
                        .as("%s answered %d", concrete, status)
                        .isTrue();
                assertThat(status).isNotEqualTo(405);
            }
        }
    }

    @Test
    void theCheckAndTheSchemaAgreeOnWholeNumbers() {
        Shape count = new Shape.Whole(0, 10);
        for (String fine : List.of("0", "10", "5.0", "1e1")) {
            assertThat(ShapeCheck.check(count, "n", json(fine))).as(fine).isEmpty();
        }
        for (String wrong :
                List.of("-1", "11", "1.5", "1e300", "\"5\"", "null", "[]", "123456789012345678901234567890")) {
            assertThat(ShapeCheck.check(count, "n", json(wrong))).as(wrong).isPresent();
        }
    }
}
