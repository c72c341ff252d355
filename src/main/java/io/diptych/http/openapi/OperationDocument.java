package io.diptych.http.openapi;

import io.diptych.http.Download;
import io.diptych.http.ETag;
import io.diptych.http.Prefer;
import io.diptych.http.access.RequiresScope;
import io.diptych.http.idempotency.IdempotencyKey;
import io.diptych.http.paging.PageQuery;
import io.diptych.http.problem.ProblemType;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.headers.Header;
import io.swagger.v3.oas.models.media.IntegerSchema;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.media.StringSchema;
import io.swagger.v3.oas.models.parameters.Parameter;
import io.swagger.v3.oas.models.responses.ApiResponse;
import io.swagger.v3.oas.models.responses.ApiResponses;
import io.swagger.v3.oas.models.security.SecurityRequirement;
import java.lang.annotation.Annotation;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springdoc.core.customizers.GlobalOperationCustomizer;
import org.springframework.core.MethodParameter;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.io.Resource;
import org.springframework.http.HttpEntity;
import org.springframework.http.HttpHeaders;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestPart;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** Documents what a handler method does by its signature: headers, parameters, scopes, problems. */
class OperationDocument implements GlobalOperationCustomizer {

  @Override
  public Operation customize(Operation operation, HandlerMethod handler) {
    if (takes(handler, IdempotencyKey.class)) {
      operation.addParametersItem(
          header(
              IdempotencyKey.HEADER,
              "A random key of at most 255 characters. A repeated request with the same key is"
                  + " answered like the first one, for 24 hours.",
              new StringSchema().maxLength(255)));
      eachSuccess(
          operation,
          IdempotencyKey.REPLAYED_HEADER,
          "`true` when this repeats an earlier answer.",
          new StringSchema());
    }
    if (takes(handler, Prefer.class)) {
      operation.addParametersItem(
          header(
              "Prefer",
              "`wait=n` waits up to n seconds (at most 60) for the result; `respond-async` does not"
                  + " wait.",
              new StringSchema()));
      eachSuccess(
          operation, Prefer.PREFERENCE_APPLIED, "The preference that counted.", new StringSchema());
    }
    if (takes(handler, PageQuery.class)) {
      operation.addParametersItem(query("limit", "How many items at most.", limits()));
      operation.addParametersItem(
          query("cursor", "`nextCursor` of the page before.", new StringSchema()));
      eachSuccess(
          operation, "Link", "`rel=\"next\"`, if there is a next page.", new StringSchema());
    }
    if (takes(handler, WebRequest.class)) {
      conditional(operation.getResponses(), answers(handler, Resource.class));
    } else if (answers(handler, SseEmitter.class)) {
      operation.getResponses().get("200").setDescription("The stream.");
      operation
          .getResponses()
          .addApiResponse(
              "204", described("The client has had the last event; it need not come back."));
    }
    RequiresScope scope = scope(handler);
    if (scope != null) {
      List<String> scopes = List.of(scope.value().value());
      operation.addSecurityItem(new SecurityRequirement().addList(OpenApiSetup.API_KEY, scopes));
      operation.addSecurityItem(new SecurityRequirement().addList(OpenApiSetup.BEARER, scopes));
      eachSuccess(
          operation, "RateLimit", "Requests left and seconds until all are.", new StringSchema());
    }
    document(operation, problems(handler, scope));
    return operation;
  }

  /** What {@link ETag#answer} and {@link Download#answer} answer. */
  private static void conditional(ApiResponses responses, boolean file) {
    responses
        .get("200")
        .description(file ? "The file." : "As it stands now.")
        .addHeaderObject(
            HttpHeaders.ETAG,
            new Header()
                .description(file ? "SHA-256 of the file." : "Changes with everything in the body.")
                .schema(new StringSchema()));
    if (file) {
      responses.addApiResponse("206", described("The part asked for."));
    }
    responses.addApiResponse(
        "304", described(file ? "The caller has it." : "Nothing has changed."));
  }

  private static ApiResponse described(String description) {
    return new ApiResponse().description(description);
  }

  private static Set<ProblemType> problems(HandlerMethod handler, @Nullable RequiresScope scope) {
    // Every route refuses query parameters that it does not know.
    Set<ProblemType> problems =
        EnumSet.of(ProblemType.INTERNAL, ProblemType.UNAVAILABLE, ProblemType.VALIDATION);
    if (scope != null) {
      problems.addAll(
          List.of(ProblemType.UNAUTHORIZED, ProblemType.FORBIDDEN, ProblemType.RATE_LIMITED));
    }
    if (annotated(handler, PathVariable.class)) {
      problems.add(ProblemType.NOT_FOUND);
    }
    if (annotated(handler, RequestBody.class) || annotated(handler, RequestPart.class)) {
      problems.addAll(
          List.of(
              ProblemType.MALFORMED_REQUEST,
              ProblemType.PAYLOAD_TOO_LARGE,
              ProblemType.UNSUPPORTED_MEDIA_TYPE));
    }
    if (takes(handler, IdempotencyKey.class)) {
      problems.addAll(
          List.of(
              ProblemType.IDEMPOTENCY_KEY_MISSING,
              ProblemType.IDEMPOTENCY_CONFLICT,
              ProblemType.IDEMPOTENCY_MISMATCH));
    }
    if (answers(handler, Resource.class)) {
      problems.add(ProblemType.RANGE_NOT_SATISFIABLE);
    }
    Problems own = handler.getMethodAnnotation(Problems.class);
    if (own != null) {
      problems.addAll(Arrays.asList(own.value()));
    }
    return problems;
  }

  private static void document(Operation operation, Set<ProblemType> problems) {
    Map<Integer, List<ProblemType>> byStatus =
        problems.stream()
            .sorted(Comparator.comparing(ProblemType::slug))
            .collect(Collectors.groupingBy(ProblemType::status, TreeMap::new, Collectors.toList()));
    byStatus.forEach(
        (status, types) ->
            operation
                .getResponses()
                .put(
                    status.toString(),
                    types.size() == 1
                        ? ProblemResponses.reference(types.get(0))
                        : ProblemResponses.of(types)));
  }

  private static void eachSuccess(
      Operation operation, String name, String description, Schema<?> schema) {
    operation
        .getResponses()
        .forEach(
            (status, response) -> {
              if (status.startsWith("2")) {
                response.addHeaderObject(
                    name, new Header().description(description).schema(schema));
              }
            });
  }

  private static Parameter header(String name, String description, Schema<?> schema) {
    return new Parameter()
        .in("header")
        .name(name)
        .required(false)
        .description(description)
        .schema(schema);
  }

  private static Parameter query(String name, String description, Schema<?> schema) {
    return header(name, description, schema).in("query");
  }

  private static Schema<?> limits() {
    IntegerSchema limits = new IntegerSchema();
    limits.setMinimum(BigDecimal.ONE);
    limits.setMaximum(BigDecimal.valueOf(PageQuery.MAX_LIMIT));
    limits.setDefault(PageQuery.DEFAULT_LIMIT);
    return limits;
  }

  private static boolean takes(HandlerMethod handler, Class<?> type) {
    return Arrays.stream(handler.getMethodParameters())
        .anyMatch(parameter -> parameter.getParameterType() == type);
  }

  private static boolean answers(HandlerMethod handler, Class<?> body) {
    return ResolvableType.forMethodReturnType(handler.getMethod())
            .as(HttpEntity.class)
            .resolveGeneric()
        == body;
  }

  private static boolean annotated(HandlerMethod handler, Class<? extends Annotation> annotation) {
    return Arrays.stream(handler.getMethodParameters())
        .map(MethodParameter::getParameterAnnotations)
        .flatMap(Arrays::stream)
        .anyMatch(annotation::isInstance);
  }

  private static @Nullable RequiresScope scope(HandlerMethod handler) {
    RequiresScope own = handler.getMethodAnnotation(RequiresScope.class);
    return own != null
        ? own
        : AnnotatedElementUtils.findMergedAnnotation(handler.getBeanType(), RequiresScope.class);
  }
}
