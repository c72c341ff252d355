package io.diptych.http.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.Diptych;
import io.diptych.database.TestDatabase;
import io.diptych.http.Client;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import tools.jackson.databind.JsonNode;

/** The published contract is the one that the service keeps. */
@SpringBootTest(
    classes = Diptych.class,
    webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
    properties = {
      "diptych.role=api",
      "diptych.model.locations.pocket=classpath:/models/sample/",
      "server.address=127.0.0.1"
    })
@DirtiesContext
class OpenApiDriftTest {

  private static final Path COMMITTED = Path.of("openapi.yaml");
  private static final String UPDATE = "./mvnw test -Dtest=OpenApiDriftTest -Dopenapi.update=true";
  private static final TestDatabase DATABASE = TestDatabase.create();

  @LocalServerPort private int port;

  @DynamicPropertySource
  static void database(DynamicPropertyRegistry properties) {
    properties.add("spring.datasource.url", DATABASE::url);
    properties.add("spring.datasource.username", DATABASE::user);
    properties.add("spring.datasource.password", DATABASE::password);
  }

  @AfterAll
  static void drop() {
    DATABASE.close();
  }

  @Test
  void theCommittedDocumentIsTheGeneratedOne() throws IOException {
    String generated = new Client(port).get("/openapi.yaml").body();
    if (Boolean.getBoolean("openapi.update")) {
      Files.writeString(COMMITTED, generated);
    }

    assertThat(COMMITTED)
        .as("openapi.yaml differs from the code. If that is meant: " + UPDATE)
        .hasContent(generated);
  }

  @Test
  void everyRequiredMemberIsAMember() {
    JsonNode schemas = new Client(port).get("/openapi").json().at("/components/schemas");

    assertThat(schemas.properties()).hasSizeGreaterThan(20);
    schemas
        .properties()
        .forEach(
            schema ->
                schema
                    .getValue()
                    .path("required")
                    .forEach(
                        name ->
                            assertThat(schema.getValue().path("properties").has(name.asString()))
                                .as("%s of %s", name, schema.getKey())
                                .isTrue()));
  }

  @Test
  void swaggerUiShowsTheDocument() {
    Client client = new Client(port);

    assertThat(client.get("/swagger-ui/index.html").body()).contains("swagger-ui");
    assertThat(client.get("/openapi/swagger-config").json().get("url").asString())
        .isEqualTo("/openapi");
  }
}
