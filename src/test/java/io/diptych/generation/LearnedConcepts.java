package io.diptych.generation;

import io.diptych.decomposition.Concepts;
import io.diptych.engine.Concept;
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.springframework.context.annotation.Primary;

/**
 * Decompositions that the tests put here; a lane that asks for one may be held. No component, or
 * tests of the whole service would find it.
 */
@Primary
class LearnedConcepts implements Concepts {

  private record Key(String tenant, UUID id) {}

  private final Map<Key, Concept> concepts = new ConcurrentHashMap<>();
  private volatile CountDownLatch held = new CountDownLatch(0);

  UUID put(String tenant, Concept concept) {
    UUID id = UUID.randomUUID();
    concepts.put(new Key(tenant, id), concept);
    return id;
  }

  void remove(String tenant, UUID id) {
    concepts.remove(new Key(tenant, id));
  }

  /** Lanes that need a concept wait until it is counted down. */
  CountDownLatch hold() {
    held = new CountDownLatch(1);
    return held;
  }

  @Override
  public Concept find(String tenant, UUID id) {
    try {
      held.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return known(tenant, id);
  }

  @Override
  public String modelDigest(String tenant, UUID id) {
    return known(tenant, id).metadata().backboneDigest();
  }

  Concept modelConcept(String tenant, UUID id) {
    return known(tenant, id);
  }

  private Concept known(String tenant, UUID id) {
    Concept concept = concepts.get(new Key(tenant, id));
    if (concept == null) {
      throw new ProblemException(
          ProblemType.UNKNOWN_ARTIFACT, "There is no decomposition " + id + ".");
    }
    return concept;
  }
}
