package io.diptych.http.openapi;

import io.swagger.v3.oas.annotations.headers.Header;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.core.annotation.AliasFor;

/**
 * A handler method that answers with an {@link io.diptych.http.Download}; see {@link PartialRead}
 * for its other answers.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@ApiResponse(
    responseCode = "200",
    headers =
        @Header(
            name = "ETag",
            description = "SHA-256 of the file.",
            schema = @Schema(type = "string")),
    content = @Content(schema = @Schema(type = "string", format = "binary")))
public @interface FileRead {

  /** What the whole file is. */
  @AliasFor(annotation = ApiResponse.class, attribute = "description")
  String value();
}
