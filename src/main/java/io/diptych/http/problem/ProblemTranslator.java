package io.diptych.http.problem;

import java.util.Optional;

/**
 * Says which problem an exception of a feature is, so that the feature's ports need not know HTTP.
 * Every bean of this type is asked before the general rules.
 */
@FunctionalInterface
public interface ProblemTranslator {

  /** The problem, with a time to try again where one is known; empty for what it does not know. */
  Optional<ProblemException> translate(Throwable failure);
}
