package io.diptych.http.openapi;

import io.diptych.http.problem.ProblemType;
import io.swagger.v3.oas.models.headers.Header;
import io.swagger.v3.oas.models.media.Content;
import io.swagger.v3.oas.models.media.IntegerSchema;
import io.swagger.v3.oas.models.media.MediaType;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.responses.ApiResponse;
import java.util.List;
import java.util.stream.Collectors;

/** Responses of the document that are problems. */
final class ProblemResponses {

  private ProblemResponses() {}

  /** A response that is any of these types, which have one status. */
  static ApiResponse of(List<ProblemType> types) {
    ApiResponse response =
        new ApiResponse()
            .description(
                types.stream()
                    .map(type -> "`" + type.uri() + "`: " + type.title() + ".")
                    .collect(Collectors.joining("\n\n")))
            .content(
                new Content()
                    .addMediaType(
                        "application/problem+json",
                        new MediaType().schema(new Schema<>().$ref("Problem"))));
    if (types.stream().anyMatch(ProblemType::retryable)) {
      response.addHeaderObject(
          "Retry-After",
          new Header()
              .description("Seconds after which to try again.")
              .schema(new IntegerSchema()));
    }
    return response;
  }

  /** A reference to the response of one type. */
  static ApiResponse reference(ProblemType type) {
    return new ApiResponse().$ref(type.slug());
  }
}
