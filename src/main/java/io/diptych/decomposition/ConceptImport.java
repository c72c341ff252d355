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
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.transaction.support.TransactionTemplate;

/** Takes in concepts that were learned elsewhere. */
public final class ConceptImport {

  private static final Logger log = LoggerFactory.getLogger(ConceptImport.class);

  /** Bytes of objects for a byte of JSON, at worst. */
  private static final long TREE_PER_TEXT = 24;

  private static final int MOST_PROBLEMS = 10;
  private static final int MOST_WORD = 64;
  private static final int MOST_SOURCE = 500;

  private final Jobs jobs;
  private final DecompositionRows rows;
  private final BlobStore store;
  private final Planner planner;
  private final UploadRoom room;
  private final TransactionTemplate transaction;

  ConceptImport(
      Jobs jobs,
      DecompositionRows rows,
      BlobStore store,
      Planner planner,
      UploadRoom room,
      TransactionTemplate transaction) {
    this.jobs = jobs;
    this.rows = rows;
    this.store = store;
    this.planner = planner;
    this.room = room;
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
   * @param upload lies on disk until there is room for it in memory; closing it is the caller's
   * @throws ProblemException {@code invalid-artifact}, {@code incompatible-artifact}, {@code
   *     queue-full} when too many uploads are being taken in
   * @throws IOException when the upload breaks off
   */
  public Imported take(String tenant, InputStream upload, @Nullable String reference)
      throws IOException {
    Path file = Files.createTempFile("diptych-artifact", null);
    try {
      Files.copy(upload, file, StandardCopyOption.REPLACE_EXISTING);
      return room.holding(
          heapBytes(Files.size(file)), () -> take(tenant, Files.readAllBytes(file), reference));
    } finally {
      Files.deleteIfExists(file);
    }
  }

  /** The file, its tensors, the file written anew, and the header as a tree. */
  private static long heapBytes(long file) {
    return 3 * file + TREE_PER_TEXT * Math.min(file, ConceptFile.MOST_HEADER_BYTES);
  }

  private Imported take(String tenant, byte[] file, @Nullable String reference) {
    Concept concept = read(file);
    Plan plan = planner.imported(concept.metadata(), reference);
    check(concept, planner.manifest(plan));
    // Written anew: whatever else the file held is gone, and equal concepts are equal files.
    byte[] clean = ConceptFile.write(concept);
    UUID id = jobs.newId();
    StoredBlob blob = store.put(id, BlobKind.CONCEPT, clean);
    AtomicBoolean used = new AtomicBoolean();
    try {
      return Objects.requireNonNull(
          transaction.execute(
              status -> {
                rows.lockImport(tenant, blob.key().sha256());
                Optional<UUID> known = rows.withConcept(tenant, blob.key().sha256());
                if (known.isPresent()) {
                  return new Imported(known.get(), false);
                }
                Imported made = record(tenant, id, concept, plan, blob);
                used.set(true);
                return made;
              }));
    } finally {
      // Once a row names the file, a failure may be a commit of which only the answer was lost;
      // the sweep finds out.
      if (!used.get()) {
        discard(id);
      }
    }
  }

  private void discard(UUID id) {
    try {
      store.deleteAll(id);
    } catch (BlobStoreException e) {
      log.warn("The artifact of {} is left over; the sweep deletes it.", id, e);
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
