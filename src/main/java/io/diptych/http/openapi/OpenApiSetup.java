package io.diptych.http.openapi;

import io.diptych.http.Prefer;
import io.diptych.http.access.Tenant;
import io.diptych.http.idempotency.IdempotencyKey;
import io.diptych.http.paging.PageQuery;
import io.diptych.http.problem.Problem;
import io.diptych.http.problem.ProblemType;
import io.swagger.v3.core.converter.ModelConverters;
import io.swagger.v3.oas.models.Components;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.info.Info;
import io.swagger.v3.oas.models.security.SecurityScheme;
import io.swagger.v3.oas.models.servers.Server;
import java.util.List;
import org.springdoc.core.customizers.GlobalOpenApiCustomizer;
import org.springdoc.core.customizers.GlobalOperationCustomizer;
import org.springdoc.core.utils.SpringDocUtils;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** The OpenAPI document apart from its operations. */
@Configuration(proxyBeanMethods = false)
class OpenApiSetup {

  static final String API_KEY = "apiKey";
  static final String BEARER = "bearer";

  static {
    // Resolved from headers, the query or the credential; the operations document them.
    SpringDocUtils.getConfig()
        .addRequestWrapperToIgnore(
            Tenant.class, Prefer.class, IdempotencyKey.class, PageQuery.class);
    // Events on the wire are text.
    SpringDocUtils.getConfig().replaceWithClass(SseEmitter.class, String.class);
  }

  @Bean
  OpenAPI openApi() {
    return new OpenAPI()
        .info(
            new Info()
                .title("Diptych")
                .version("1")
                .description(
                    "Takes a picture apart into its content and its style, and makes new pictures"
                        + " from either. Every answer that is no success is a problem (RFC 9457) of"
                        + " a type that `GET /problems` lists. Follow links rather than building"
                        + " addresses."))
        // Relative: the same document is right wherever the service runs.
        .servers(List.of(new Server().url("/")))
        .components(
            new Components()
                .addSecuritySchemes(
                    API_KEY,
                    new SecurityScheme()
                        .type(SecurityScheme.Type.APIKEY)
                        .in(SecurityScheme.In.HEADER)
                        .name("X-API-Key")
                        .description("A key that an operator made with `POST /admin/keys`."))
                .addSecuritySchemes(
                    BEARER,
                    new SecurityScheme()
                        .type(SecurityScheme.Type.HTTP)
                        .scheme("bearer")
                        .bearerFormat("JWT")
                        .description(
                            "An API key, or a token of the configured issuer that names a"
                                + " tenant.")));
  }

  @Bean
  GlobalOperationCustomizer documentedOperations() {
    return new OperationDocument();
  }

  /** Adds what operations refer to: the schema of a problem, and one response per type. */
  @Bean
  GlobalOpenApiCustomizer documentedProblems() {
    return document -> {
      Components components = document.getComponents();
      ModelConverters.getInstance(true).readAll(Problem.class).forEach(components::addSchemas);
      for (ProblemType type : ProblemType.values()) {
        components.addResponses(type.slug(), ProblemResponses.of(List.of(type)));
      }
    };
  }

  /** Descriptions come from Javadoc, whose markup readers of the document need not know. */
  @Bean
  GlobalOpenApiCustomizer plainDescriptions() {
    return document -> document.getComponents().getSchemas().values().forEach(PlainText::in);
  }
}
