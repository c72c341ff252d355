package io.diptych.generation;

import io.diptych.artifact.BlobDamagedException;
import io.diptych.artifact.BlobMissingException;
import io.diptych.artifact.BlobStoreException;
import io.diptych.decomposition.Concepts;
import io.diptych.engine.Backbone;
import io.diptych.engine.CheckedRequest;
import io.diptych.engine.Concept;
import io.diptych.engine.EngineException;
import io.diptych.engine.GenerationRequest;
import io.diptych.engine.RunStoppedException;
import io.diptych.engine.program.TensorLibrary;
import io.diptych.http.problem.ProblemException;
import io.diptych.image.Provenance;
import io.diptych.job.ClaimedJob;
import io.diptych.job.JobKind;
import io.diptych.job.LaneCapacity;
import io.diptych.model.Models;
import io.diptych.worker.BatchRunner;
import io.diptych.worker.JobOutcome;
import io.diptych.worker.JobResult;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the pictures of generations. The pictures of all jobs of a batch stand in one row and are
 * made in forwards of a bounded size, except those of strict orders, which are made one by one.
 */
final class GenerationRunner implements BatchRunner {

  private static final Logger LOG = LoggerFactory.getLogger(GenerationRunner.class);

  private static final String DTYPE = "float32";

  private final Models models;
  private final Concepts concepts;
  private final ImageKeeper images;
  private final GenerationLog log;
  private final GenerationSettings settings;
  private final String software;

  /**
   * @param software what pictures name as their maker
   */
  GenerationRunner(
      Models models,
      Concepts concepts,
      ImageKeeper images,
      GenerationLog log,
      GenerationSettings settings,
      String software) {
    this.models = models;
    this.concepts = concepts;
    this.images = images;
    this.log = log;
    this.settings = settings;
    this.software = software;
  }

  @Override
  public JobKind kind() {
    return JobKind.GENERATION;
  }

  @Override
  public LaneCapacity capacity(String device) {
    return models.capacity(device);
  }

  @Override
  public boolean responds(String device) {
    return models.responds(device);
  }

  @Override
  public List<JobOutcome> run(List<ClaimedJob> batch, Control control) {
    List<Work> works = batch.stream().map(Work::new).toList();
    List<Item> row = new ArrayList<>();
    Backbone backbone = null;
    for (Work work : works) {
      if (!control.stopRequested(work.job.id())) {
        Backbone own = prepare(work, control.device());
        backbone = own == null ? backbone : own;
        row.addAll(work.items);
      }
    }
    if (backbone != null) {
      for (List<Item> forward : forwards(row)) {
        make(forward, backbone, control);
      }
    }
    return works.stream().map(this::outcome).toList();
  }

  /** Puts the pictures of a job into the row; what is wrong with the job stays with the job. */
  private @Nullable Backbone prepare(Work work, String device) {
    try {
      GenerationOrder order = GenerationOrder.read(work.job.request());
      Backbone backbone = models.planned(order.model(), order.modelDigest(), device);
      Concept content = concept(work.job, order.content(), "content");
      Concept style =
          order.style() != null && order.style().equals(order.content())
              ? content
              : concept(work.job, order.style(), "style");
      CheckedRequest request =
          backbone.check(
              new GenerationRequest(
                  order.prompt(), content, style, order.seed(), 0, order.sampling()));
      for (int i = 0; i < order.count(); i++) {
        work.items.add(new Item(work, request.ofImage(i)));
      }
      work.order = order;
      return backbone;
    } catch (EngineException e) {
      work.failure = e;
      return null;
    }
  }

  private @Nullable Concept concept(ClaimedJob job, @Nullable UUID decomposition, String part) {
    if (decomposition == null) {
      return null;
    }
    try {
      return concepts.find(job.tenant(), decomposition);
    } catch (ProblemException | BlobMissingException e) {
      throw new EngineException(
          EngineException.Kind.INVALID_OPTIONS,
          "The decomposition "
              + decomposition
              + ", which gives the "
              + part
              + ", was there when the request was taken in and has been deleted since.",
          e);
    } catch (BlobDamagedException e) {
      throw new EngineException(
          EngineException.Kind.INCOMPATIBLE_CONCEPT,
          "The stored concept of decomposition " + decomposition + " is damaged.",
          e);
    } catch (BlobStoreException e) {
      throw new UncheckedIOException(new IOException("The store did not give a concept", e));
    }
  }

  /** Cuts the row into forwards; pictures of a strict order stand alone. */
  private List<List<Item>> forwards(List<Item> row) {
    List<List<Item>> forwards = new ArrayList<>();
    List<Item> open = new ArrayList<>();
    for (Item item : row) {
      if (item.strict()) {
        forwards.add(List.of(item));
      } else {
        open.add(item);
        if (open.size() == settings.batchImages()) {
          forwards.add(open);
          open = new ArrayList<>();
        }
      }
    }
    if (!open.isEmpty()) {
      forwards.add(open);
    }
    return forwards;
  }

  /** In halves where the device has no room for all at once. */
  private void make(List<Item> forward, Backbone backbone, Control control) {
    List<Item> wanted = forward.stream().filter(item -> item.isWanted(control)).toList();
    if (wanted.isEmpty()) {
      return;
    }
    List<BufferedImage> pictures;
    try {
      pictures =
          backbone.generate(
              wanted.stream().map(Item::request).toList(),
              () -> wanted.stream().noneMatch(item -> item.isWanted(control)));
    } catch (RunStoppedException nobodyWaits) {
      return;
    } catch (EngineException e) {
      if (e.kind() != EngineException.Kind.OUT_OF_MEMORY || wanted.size() == 1) {
        throw e;
      }
      LOG.warn(
          "{} The {} pictures of this forward are made in two.", e.getMessage(), wanted.size());
      int half = wanted.size() / 2;
      make(wanted.subList(0, half), backbone, control);
      make(wanted.subList(half, wanted.size()), backbone, control);
      return;
    }
    control.forward(pictures.size());
    for (int i = 0; i < wanted.size(); i++) {
      Work work = wanted.get(i).work;
      if (!wanted.get(i).isWanted(control)) {
        continue;
      }
      work.made.add(
          images.keep(
              work.job.id(),
              pictures.get(i),
              provenance(work, wanted.get(i).request.request(), backbone)));
      work.largestForward = Math.max(work.largestForward, wanted.size());
      work.device = backbone.info().device();
    }
  }

  private Provenance provenance(Work work, GenerationRequest request, Backbone backbone) {
    GenerationOrder order = work.order();
    return new Provenance(
        software,
        work.job.id(),
        request.seed(),
        request.imageIndex(),
        order.prompt(),
        order.content(),
        order.style(),
        backbone.info().name(),
        backbone.info().digest());
  }

  private JobOutcome outcome(Work work) {
    if (work.failure != null) {
      return new JobOutcome.Failed(work.failure);
    }
    if (!work.isComplete()) {
      return new JobOutcome.Stopped();
    }
    GenerationOrder order = work.order();
    GenerationOutcome outcome =
        new GenerationOutcome(
            work.made,
            new Determinism(
                order.strict()
                    ? Determinism.Kind.BIT_EXACT
                    : Determinism.Kind.BIT_EXACT_PER_BATCH_SHAPE,
                work.device,
                TensorLibrary.version(),
                DTYPE,
                work.largestForward));
    return new JobOutcome.Succeeded(
        new JobResult(outcome.toJson(), () -> log.add(work.job, order, outcome.images())));
  }

  /** One job of a batch on its way. */
  private static final class Work {
    final ClaimedJob job;
    final List<Item> items = new ArrayList<>();
    final List<GeneratedImage> made = new ArrayList<>();
    @Nullable GenerationOrder order;
    @Nullable EngineException failure;
    int largestForward;
    String device = "";

    Work(ClaimedJob job) {
      this.job = job;
    }

    boolean isComplete() {
      return order != null && made.size() == order.count();
    }

    GenerationOrder order() {
      if (order == null) {
        throw new IllegalStateException("The job was not prepared.");
      }
      return order;
    }
  }

  /** One picture. */
  private record Item(Work work, CheckedRequest request) {
    boolean strict() {
      return work.order().strict();
    }

    /** A job that is to stop wants no more pictures, but its mates may still want theirs. */
    boolean isWanted(Control control) {
      return !control.stopRequested(work.job.id());
    }
  }
}
