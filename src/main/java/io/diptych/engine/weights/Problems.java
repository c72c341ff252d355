package io.diptych.engine.weights;

import io.diptych.engine.EngineException;
import java.util.ArrayList;
import java.util.List;

/** Collects what is wrong with a model, to say all of it in one error of bounded length. */
final class Problems {

  private static final int SHOWN = 12;

  private final List<String> all = new ArrayList<>();

  /**
   * Adds a problem.
   *
   * @param problem a clause, or a whole sentence
   */
  void add(String problem) {
    all.add(problem.endsWith(".") ? problem.substring(0, problem.length() - 1) : problem);
  }

  boolean isEmpty() {
    return all.isEmpty();
  }

  /** Throws when there is any problem. */
  void throwIfAny(String headline) {
    if (!all.isEmpty()) {
      throw new EngineException(
          EngineException.Kind.MODEL_UNAVAILABLE, headline + " " + bounded(all));
    }
  }

  static String bounded(List<String> items) {
    String shown = String.join("; ", items.subList(0, Math.min(SHOWN, items.size())));
    int more = items.size() - SHOWN;
    return shown + (more > 0 ? "; and " + more + " more." : ".");
  }
}
