package io.diptych.decomposition;

import io.diptych.engine.Concept;
import java.util.UUID;

/** The learned concepts of decompositions that succeeded, for what generates with them. */
public interface Concepts {

  /**
   * The concept of a tenant's decomposition. Recently used ones stay in memory.
   *
   * @throws io.diptych.http.problem.ProblemException
   *     <ul>
   *       <li>{@code unknown-artifact} when the tenant has no such decomposition
   *       <li>{@code artifact-not-ready} while it waits or runs
   *       <li>{@code job-without-result} when it failed or was canceled
   *       <li>{@code job-expired} when its result is past its retention
   *     </ul>
   */
  Concept find(String tenant, UUID id);

  /**
   * Checks that there is such a concept without reading it, for requests that only name it.
   *
   * @return digest of the model it was learned on
   * @throws io.diptych.http.problem.ProblemException as {@link #find} does
   */
  String modelDigest(String tenant, UUID id);
}
