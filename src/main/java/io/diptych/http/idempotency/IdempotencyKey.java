package io.diptych.http.idempotency;

import io.diptych.http.problem.FieldError;
import io.diptych.http.problem.ProblemException;
import java.util.regex.Pattern;

/**
 * A key chosen by the client. Declare it as a parameter of a handler method: nullable where the key
 * is optional.
 *
 * @param value 1 to 255 visible ASCII characters, without the quotation marks of the draft's syntax
 */
public record IdempotencyKey(String value) {

  public static final String HEADER = "Idempotency-Key";

  /** Set to {@code true} on answers that repeat an earlier one. */
  public static final String REPLAYED_HEADER = "Idempotency-Replayed";

  private static final Pattern VALID = Pattern.compile("[\\x21-\\x7e]{1,255}");

  /** Reads the header, as a quoted string of structured fields or bare, as most clients send it. */
  static IdempotencyKey parse(String header) {
    String text = header.strip();
    if (text.length() >= 2 && text.startsWith("\"") && text.endsWith("\"")) {
      text = text.substring(1, text.length() - 1);
    }
    if (!VALID.matcher(text).matches()) {
      throw ProblemException.invalid(
          FieldError.header(HEADER, "must be 1 to 255 visible ASCII characters"));
    }
    return new IdempotencyKey(text);
  }
}
