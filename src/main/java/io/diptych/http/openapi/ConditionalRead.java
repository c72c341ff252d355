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

/** A handler method that answers as {@link io.diptych.http.ETag#answer} does. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@ApiResponse(
    responseCode = "200",
    description = "As it stands now.",
    headers =
        @Header(
            name = "ETag",
            description = "Changes with everything in the body.",
            schema = @Schema(type = "string")),
    useReturnTypeSchema = true)
@ApiResponse(responseCode = "304", description = "Nothing has changed.", content = @Content)
public @interface ConditionalRead {}
