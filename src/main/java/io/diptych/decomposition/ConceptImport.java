package io.diptych.decomposition;

import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobStore;
import io.diptych.artifact.BlobStoreException;
import io.diptych.artifact.StoredBlob;
import io.diptych.engine.Concept;
import io.diptych.engine.ConceptMetadata;
import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.EngineException;
import io.diptych.engine.csd.ConceptCheck;
import io.diptych.engine.csd.ConceptFile;
import io.diptych.engine.csd.SubConcepts;
import io.diptych.engine.weights.ModelManifest;
import io.diptych.http.problem.Problem;
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import io.diptych.job.Job;
import io.diptych.job.JobKind;
import io.diptych.job.Jobs;
import io.diptych.job.Submission;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.transaction.support.TransactionTemplate;

/** Takes in concepts that were learned elsewhere. */
public final class ConceptImport {

  private static final int MOST_PROBLEMS = 10;
  private static final int MOST_WORD = 64;
  private static final int MOST_SOURCE = 500;

  private final Jobs jobs;
  private final DecompositionRows rows;
  private final BlobStore store;
  private final Planner planner;
  private final TransactionTemplate transaction;

  ConceptImport(
      Jobs jobs,
      DecompositionRows rows,
      BlobStore store,
      Planner planner,
      TransactionTemplate transaction) {
    this.jobs = jobs;
    this.rows = rows;
    this.store = store;
    this.planner = planner;
    this.transaction = transaction;
  }

  /**
   * What an import came to.
   *
   * @param created false when the tenant had this very file already
   */
  public record Imported(UUID id, boolean created) {}

  /**
   * Checks an artifact and makes a decomposition of it that has succeeded. The same file again
   * gives the same decomposition.
   *
   * @throws ProblemException {@code invalid-artifact}, {@code incompatible-artifact}
   */
  public Imported take(String tenant, byte[] file, @Nullable String reference) {
    Concept concept = read(file);
    Plan plan = planner.imported(concept.metadata(), reference);
    check(concept, planner.manifest(plan));
    // Written anew: whatever else the file held is gone, and equal concepts are equal files.
    byte[] clean = ConceptFile.write(concept);
    UUID id = jobs.newId();
    StoredBlob blob = store.put(id, BlobKind.CONCEPT, clean);
    Imported imported;
    try {
      imported =
          Objects.requireNonNull(
              transaction.execute(
                  status -> {
                    rows.lockImport(tenant, blob.key().sha256());
                    Optional<UUID> known = rows.withConcept(tenant, blob.key().sha256());
                    return known
                        .map(existing -> new Imported(existing, false))
                        .orElseGet(() -> record(tenant, id, concept, plan, blob));
                  }));
    } catch (RuntimeException refused) {
      discard(id, refused);
      throw refused;
    }
    if (!imported.created()) {
      store.deleteAll(id);
    }
    return imported;
  }

  private void discard(UUID id, RuntimeException refused) {
    try {
      store.deleteAll(id);
    } catch (BlobStoreException e) {
      refused.addSuppressed(e);
    }
  }

  private Imported record(String tenant, UUID id, Concept concept, Plan plan, StoredBlob blob) {
    Submission submission =
        Submission.of(JobKind.DECOMPOSITION, tenant, Decompositions.JSON.valueToTree(plan))
            .id(id)
            .modelDigest(plan.backboneDigest())
            .build();
    DecompositionRows.Learned learned =
        new DecompositionRows.Learned(blob.key().sha256(), blob.bytes(), blob.stored());
    Job job =
        jobs.recordSucceeded(
            submission,
            Decompositions.JSON.valueToTree(LearnedConcept.of(concept, learned.sha256())));
    rows.insertImported(job.id(), tenant, plan.backboneDigest(), learned);
    return new Imported(job.id(), true);
  }

  private static Concept read(byte[] file) {
    try {
      return ConceptFile.read(file);
    } catch (EngineException e) {
      throw new ProblemException(
          Problem.of(ProblemType.INVALID_ARTIFACT, String.valueOf(e.getMessage())), null, e);
    }
  }

  private static void check(Concept concept, ModelManifest manifest) {
    List<String> problems = ConceptCheck.problems(concept, manifest);
    if (problems.isEmpty()) {
      problems = checkMetadata(concept.metadata());
    }
    if (!problems.isEmpty()) {
      throw new ProblemException(
          ProblemType.INVALID_ARTIFACT,
          "The artifact does not fit its own metadata: "
              + String.join("; ", problems.subList(0, Math.min(problems.size(), MOST_PROBLEMS)))
              + ".");
    }
  }

  /** What a file of ours always holds, and never more of it than a request could have asked for. */
  private static List<String> checkMetadata(ConceptMetadata metadata) {
    List<String> problems = new ArrayList<>();
    DecompositionOptions options = metadata.options();
    DecompositionOptions.Rectification rectification = options.rectification();
    if (Math.max(options.contentWord().length(), options.styleWord().length()) > MOST_WORD
        || metadata.subConceptSource().length() > MOST_SOURCE
        || (rectification != null
            && (rectification.subConcepts().size() > SubConcepts.MOST_LINES
                || rectification.subConcepts().stream()
                    .anyMatch(line -> line == null || line.length() > SubConcepts.LONGEST_LINE)))) {
      problems.add("a text of the metadata is too long");
    }
    if (metadata.losses().size() != options.steps()
        || metadata.losses().stream().anyMatch(loss -> !Double.isFinite(loss))
        || metadata.step() != options.evaluatedStep()) {
      problems.add("the losses are not those of a whole run");
    }
    return problems;
  }
}
