package io.diptych.http.access;

import java.util.regex.Pattern;

/**
 * Whose request this is. Every look-up by id takes it; what belongs to another tenant does not
 * exist. Declare it as a parameter of a handler method.
 *
 * @param id 1 to 64 letters, digits, dots, hyphens, underscores
 */
public record Tenant(String id) {

  private static final Pattern VALID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

  /** The one tenant of a service that asks for no credentials. */
  public static final Tenant LOCAL = new Tenant("local");

  public Tenant {
    if (!isValid(id)) {
      throw new IllegalArgumentException(
          "A tenant has 1 to 64 letters, digits, dots, hyphens or underscores, and begins with a"
              + " letter or digit.");
    }
  }

  public static boolean isValid(String id) {
    return VALID.matcher(id).matches();
  }

  @Override
  public String toString() {
    return id;
  }
}
