package io.diptych.http.openapi;

import io.diptych.http.Prefer;
import io.diptych.http.access.Tenant;
import io.diptych.http.idempotency.IdempotencyKey;
import io.diptych.http.paging.PageQuery;
import io.swagger.v3.oas.models.Components;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.info.Info;
import io.swagger.v3.oas.models.security.SecurityScheme;
import io.swagger.v3.oas.models.servers.Server;
import java.util.List;
import org.springdoc.core.customizers.GlobalOperationCustomizer;
import org.springdoc.core.utils.SpringDocUtils;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The OpenAPI document apart from its operations. */
@Configuration(proxyBeanMethods = false)
class OpenApiSetup {

  static final String API_KEY = "apiKey";
  static final String BEARER = "bearer";

  static {
    // Resolved from headers, the query or the credential; the customizer documents them.
    SpringDocUtils.getConfig()
        .addRequestWrapperToIgnore(
            Tenant.class, Prefer.class, IdempotencyKey.class, PageQuery.class);
  }

  @Bean
  OpenAPI openApi() {
    Components components =
        new Components()
            .addSecuritySchemes(
                API_KEY,
                new SecurityScheme()
                    .type(SecurityScheme.Type.APIKEY)
                    .in(SecurityScheme.In.HEADER)
                    .name("X-API-Key")
                    .description("A key made by an operator with POST /admin/keys."))
            .addSecuritySchemes(
                BEARER,
                new SecurityScheme()
                    .type(SecurityScheme.Type.HTTP)
                    .scheme("bearer")
                    .bearerFormat("JWT")
                    .description(
                        "An API key, or a token of the configured issuer with a tenant claim."));
    return new OpenAPI()
        .info(
            new Info()
                .title("Diptych")
                .version("1")
                .description(
                    """
                    Takes a picture apart into its content and its style, and makes new pictures \
                    from either. Every answer that is no success is a problem (RFC 9457) of a type \
                    that `GET /problems` lists. Follow links rather than building addresses."""))
        // Relative: the same document is served wherever the service runs.
        .servers(List.of(new Server().url("/")))
        .components(components);
  }

  @Bean
  GlobalOperationCustomizer documentedOperations() {
    return new OperationDocument();
  }
}
