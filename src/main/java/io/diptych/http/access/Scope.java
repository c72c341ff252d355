package io.diptych.http.access;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;

/** What a credential allows. None includes another. */
public enum Scope {
  DECOMPOSE_WRITE("decompose:write", "submit, cancel, retry and delete decompositions"),
  GENERATE_WRITE("generate:write", "generate, cancel and delete images"),
  JOBS_READ("jobs:read", "read decompositions, generations, images and artifacts"),
  ADMIN("admin", "manage API keys and read the service's own state");

  private final String value;
  private final String meaning;

  Scope(String value, String meaning) {
    this.value = value;
    this.meaning = meaning;
  }

  /** As it appears in tokens, keys and the API. */
  @JsonValue
  public String value() {
    return value;
  }

  /** What it allows, for people. */
  public String meaning() {
    return meaning;
  }

  /**
   * The scope with this value.
   *
   * @throws IllegalArgumentException if there is none
   */
  @JsonCreator
  public static Scope of(String value) {
    return Arrays.stream(values())
        .filter(scope -> scope.value.equals(value))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("must be one of " + known()));
  }

  /** The name under which Spring Security knows it. */
  String authority() {
    return "SCOPE_" + value;
  }

  private static String known() {
    return String.join(", ", Arrays.stream(values()).map(Scope::value).toList());
  }
}
