package io.diptych.http.problem;

import java.time.Duration;
import java.time.temporal.Temporal;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.databind.exc.InvalidNullException;
import tools.jackson.databind.exc.InvalidTypeIdException;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.databind.exc.ValueInstantiationException;

/**
 * Explains JSON that cannot be bound. Jackson's own messages name Java classes, so they are not
 * passed on.
 */
final class JsonProblems {

  private JsonProblems() {}

  static Problem of(JacksonException failure) {
    if (failure instanceof StreamReadException && !(failure instanceof InputCoercionException)) {
      TokenStreamLocation where = failure.getLocation();
      String place =
          where == null ? "" : " at line " + where.getLineNr() + ", column " + where.getColumnNr();
      return Problem.of(ProblemType.MALFORMED_REQUEST, "The JSON is not well-formed" + place + ".");
    }
    FieldError error = FieldError.at(pointer(failure.getPath()), explain(failure));
    return Problem.of(
        ProblemType.VALIDATION, ProblemTranslation.summary(List.of(error)), List.of(error));
  }

  private static String explain(JacksonException failure) {
    if (failure instanceof UnrecognizedPropertyException unknown) {
      Collection<Object> known = unknown.getKnownPropertyIds();
      return known == null || known.isEmpty()
          ? "is not known here"
          : "is not known here; known are "
              + known.stream().map(Object::toString).sorted().collect(Collectors.joining(", "));
    }
    if (failure instanceof InputCoercionException tooLarge) {
      return expected(tooLarge.getTargetType());
    }
    if (failure instanceof InvalidNullException) {
      return "must not be null";
    }
    if (failure instanceof InvalidTypeIdException) {
      return "is missing or not one of the documented kinds";
    }
    if (failure instanceof ValueInstantiationException
        && failure.getCause() instanceof IllegalArgumentException refusal
        && refusal.getMessage() != null) {
      // Thrown by the constructor of a value of ours, which words its refusals for callers.
      return refusal.getMessage();
    }
    if (failure instanceof MismatchedInputException mismatch && mismatch.getTargetType() != null) {
      return expected(mismatch.getTargetType());
    }
    return "is not valid";
  }

  /** What a value of this Java type must be in JSON. */
  static String expected(Class<?> type) {
    if (type.isEnum()) {
      return "must be one of "
          + Arrays.stream(type.getEnumConstants())
              .map(Object::toString)
              .collect(Collectors.joining(", "));
    }
    if (type == boolean.class || type == Boolean.class) {
      return "must be true or false";
    }
    if (type == int.class || type == Integer.class) {
      return "must be a whole number of at most 32 bits";
    }
    if (type == long.class || type == Long.class) {
      return "must be a whole number of at most 64 bits";
    }
    if (type.isPrimitive() || Number.class.isAssignableFrom(type)) {
      return "must be a number";
    }
    if (type == UUID.class) {
      return "must be a UUID";
    }
    if (type == Duration.class) {
      return "must be a duration";
    }
    if (Temporal.class.isAssignableFrom(type)) {
      return "must be a time as in RFC 3339";
    }
    if (CharSequence.class.isAssignableFrom(type)) {
      return "must be a string";
    }
    if (type.isArray() || Collection.class.isAssignableFrom(type)) {
      return "must be an array";
    }
    if (type.isRecord() || Map.class.isAssignableFrom(type)) {
      return "must be an object";
    }
    return "is not valid";
  }

  private static String pointer(@Nullable List<JacksonException.Reference> path) {
    if (path == null) {
      return "";
    }
    return path.stream()
        .map(step -> step.getPropertyName() == null ? "" + step.getIndex() : step.getPropertyName())
        .map(JsonPointers::escape)
        .map("/"::concat)
        .collect(Collectors.joining());
  }
}
