package io.diptych.http.problem;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * What is wrong with one value of a request. Exactly one of the first three members is present.
 *
 * @param pointer JSON pointer (RFC 6901) into the body or into the JSON part of a multipart body
 * @param parameter name of a query parameter or of a part of a multipart body
 * @param header name of a request header
 * @param detail what is wrong and what would be right
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record FieldError(
    @Nullable String pointer, @Nullable String parameter, @Nullable String header, String detail) {

  /** An error in the JSON body, at a pointer such as {@code /guidance/scale}. */
  public static FieldError at(String pointer, String detail) {
    return new FieldError(pointer, null, null, detail);
  }

  /** An error in a query parameter or a part. */
  public static FieldError parameter(String name, String detail) {
    return new FieldError(null, name, null, detail);
  }

  /** An error in a header. */
  public static FieldError header(String name, String detail) {
    return new FieldError(null, null, name, detail);
  }
}
