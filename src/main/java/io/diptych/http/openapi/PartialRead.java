package io.diptych.http.openapi;

import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The answers of {@link io.diptych.http.Download} without the whole file. Apart from {@link
 * FileRead}, whose description would be that of these, too.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@ApiResponse(responseCode = "206", description = "The part asked for.", content = @Content)
@ApiResponse(responseCode = "304", description = "The caller has it.", content = @Content)
public @interface PartialRead {}
