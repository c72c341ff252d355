package io.diptych.http.openapi;

import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** A handler method that answers as {@link io.diptych.http.event.EventStreams#open} does. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@ApiResponse(
    responseCode = "200",
    description = "The stream.",
    content = @Content(mediaType = "text/event-stream", schema = @Schema(type = "string")))
@ApiResponse(
    responseCode = "204",
    description = "The client has had the last event; it need not come back.")
public @interface EventRead {}
