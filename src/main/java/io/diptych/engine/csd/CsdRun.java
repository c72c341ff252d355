package io.diptych.engine.csd;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.diptych.engine.Concept;
import io.diptych.engine.Concept.Tensor;
import io.diptych.engine.ConceptMetadata;
import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.EngineException;
import io.diptych.engine.StepReport;
import io.diptych.engine.StepReport.Kind;
import io.diptych.engine.csd.ScaleGroups.Range;
import io.diptych.engine.sample.Sampler.TextCondition;
import io.diptych.engine.switti.Memories;
import io.diptych.engine.switti.Switti;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One decomposition in progress (CSD-VAR section 4, backbones.md 5.4). Used by one thread.
 *
 * <p>Everything that does not change during the run is computed once: token maps and
 * teacher-forcing inputs per flip state, token weights per kind of step, projectors, the empty
 * prompt.
 */
final class CsdRun {

  /** Share of the learning rate at the first step of the warm-up. */
  private static final double WARM_UP_START = 0.005;

  private final CsdVar.Models models;
  private final DecompositionOptions options;
  private final String pictureDigest;
  private final NDManager manager;
  private final ScaleGroups groups;
  private final CaptionEncoder captions;
  private final NDArray picture;
  private final ParameterGroup content;
  private final ParameterGroup style;
  private final SortedMap<String, Tensor> projectorValues;
  private final @Nullable List<NDArray> projectors;
  private final String subConceptSource;
  private final @Nullable Target[] targets = new Target[2];
  private final NDArray[][] tokenWeights = new NDArray[Kind.values().length][];
  private final List<Double> losses = new ArrayList<>();
  private SortedMap<String, Tensor> evaluated = Collections.emptySortedMap();
  private int step;

  /** Where the learned rows of either concept start from, (tokens, width) per encoder. */
  record StartRows(List<Tensor> content, List<Tensor> style) {}

  /**
   * Sets a run up.
   *
   * @param picture (1, 3, S, S) in [-1, 1]
   * @param manager keeps what the run needs; the caller closes it
   * @param subConcepts lines for the rectification; null when it is off or the run is resumed
   * @param checkpoint where to go on; null for a new run
   */
  CsdRun(
      CsdVar.Models models,
      DecompositionOptions options,
      StartRows startRows,
      NDArray picture,
      String pictureDigest,
      NDManager manager,
      @Nullable SubConceptList subConcepts,
      @Nullable Checkpoint checkpoint) {
    this.models = models;
    this.options = options;
    this.picture = picture;
    this.pictureDigest = pictureDigest;
    this.manager = manager;
    this.groups = ScaleGroups.of(models.manifest(), options);
    Captions texts = Captions.of(options);
    this.captions =
        new CaptionEncoder(
            models.text(), models.program(), texts, manager, !options.gradientIsolation());
    SortedMap<String, Tensor> firstContent =
        initial("content", startRows.content(), new SplittableRandom(options.seed()));
    SortedMap<String, Tensor> firstStyle =
        initial("style", startRows.style(), new SplittableRandom(~options.seed()));
    if (checkpoint == null) {
      this.content = ParameterGroup.initial(manager, firstContent);
      this.style = ParameterGroup.initial(manager, firstStyle);
      this.projectorValues = subConcepts == null ? new TreeMap<>() : projectors(subConcepts);
      this.subConceptSource = subConcepts == null ? "" : subConcepts.origin();
    } else {
      Checkpoint.State state = checkpoint.state();
      this.content =
          ParameterGroup.restored(
              manager, firstContent.keySet(), checkpoint.tensors(), state.contentSteps());
      this.style =
          ParameterGroup.restored(
              manager, firstStyle.keySet(), checkpoint.tensors(), state.styleSteps());
      this.projectorValues = startingWith(checkpoint.tensors(), "projector.");
      this.evaluated =
          withoutPrefix(
              startingWith(checkpoint.tensors(), Checkpoint.EVALUATED), Checkpoint.EVALUATED);
      this.subConceptSource = state.subConceptSource();
      this.losses.addAll(state.losses());
      this.step = state.step();
    }
    this.projectors =
        projectorValues.isEmpty()
            ? null
            : projectorValues.values().stream()
                .map(tensor -> manager.create(tensor.values(), new Shape(tensor.shape())))
                .toList();
  }

  int step() {
    return step;
  }

  boolean isFinished() {
    return step >= options.steps();
  }

  /** Does the next step. */
  StepReport next() {
    long start = System.nanoTime();
    StepChance chance = StepChance.of(options, step);
    Kind kind = !options.scaleAware() ? Kind.JOINT : step % 2 == 0 ? Kind.STYLE : Kind.CONTENT;
    Target target = target(chance.flipped());
    List<Double> scaleLosses =
        new ArrayList<>(
            Collections.nCopies(models.switti().architecture().sides().size(), Double.NaN));
    double loss;
    try (NDManager scope = manager.newSubManager()) {
      // In an isolated step the other concept is a constant.
      boolean contentActive = kind != Kind.STYLE || !options.gradientIsolation();
      boolean styleActive = kind != Kind.CONTENT || !options.gradientIsolation();
      List<NDArray> contentValues = values(scope, content, contentActive);
      List<NDArray> styleValues = values(scope, style, styleActive);
      Memories memories = memories(scope, contentValues, styleValues);
      TextCondition text =
          text(scope, kind, chance.dropped(), rows(contentValues), rows(styleValues));
      Switti.Prepared prepared =
          models.switti().prepare(scope, text.context(), null, text.pooled(), null, true);
      NDArray total = forward(scope, kind, target, prepared, memories, scaleLosses);
      loss = total.getFloat();
      if (!Double.isFinite(loss)) {
        throw new EngineException(
            EngineException.Kind.NUMERIC_DIVERGENCE,
            "The loss of step " + (step + 1) + " is " + loss + "; the run has diverged.");
      }
      update(scope, total, contentActive, styleActive);
    }
    step++;
    losses.add(loss);
    if (step == options.evaluatedStep()) {
      evaluated = learned();
    }
    double millis = (System.nanoTime() - start) / 1e6;
    return new StepReport(step, options.steps(), kind, loss, scaleLosses, millis);
  }

  private NDArray forward(
      NDManager scope,
      Kind kind,
      Target target,
      Switti.Prepared prepared,
      @Nullable Memories memories,
      List<Double> scaleLosses) {
    List<Integer> sides = models.switti().architecture().sides();
    List<Range> ranges = groups.computed(kind, models.switti().architecture().causal());
    List<NDArray> parts = new ArrayList<>();
    for (int i = 0; i < ranges.size(); i++) {
      Range range = ranges.get(i);
      int begin = range.firstToken(sides);
      int end = begin + range.tokens(sides);
      NDArray input =
          in(scope, target.input().get(":, " + Math.max(0, begin - 1) + ":" + (end - 1)));
      NDArray logits =
          models
              .switti()
              .teacherForced(scope, prepared, input, range.first(), range.last(), memories, true)
              .logits();
      CsdProgram.Loss scored =
          models
              .program()
              .loss(
                  scope,
                  logits,
                  in(scope, target.tokens().get(":, " + begin + ":" + end)),
                  weights(kind, ranges)[i],
                  range.first());
      float[] means = scored.scaleLosses().toFloatArray();
      for (int j = 0; j < means.length; j++) {
        scaleLosses.set(range.first() + j, (double) means[j]);
      }
      parts.add(scored.loss());
    }
    return parts.size() == 1 ? parts.get(0) : models.program().total(scope, parts);
  }

  private NDArray[] weights(Kind kind, List<Range> ranges) {
    NDArray[] weights = tokenWeights[kind.ordinal()];
    if (weights == null) {
      weights =
          ranges.stream()
              .map(range -> manager.create(groups.tokenWeights(kind, range)))
              .toArray(NDArray[]::new);
      tokenWeights[kind.ordinal()] = weights;
    }
    return weights;
  }

  /**
   * Cross-attention sees, in a step of one concept, only the rows of that concept. The pooled
   * vector is always that of the full caption, unless it is dropped.
   */
  private TextCondition text(
      NDManager scope,
      Kind kind,
      boolean dropped,
      List<NDArray> contentRows,
      List<NDArray> styleRows) {
    TextCondition context =
        switch (kind) {
          case STYLE -> captions.style(scope, styleRows, projectors);
          case CONTENT -> captions.content(scope, contentRows);
          case JOINT -> captions.full(scope, contentRows, styleRows, projectors);
        };
    NDArray pooled =
        dropped
            ? captions.empty(scope)
            : kind == Kind.JOINT
                ? context.pooled()
                : captions.pooled(scope, contentRows, styleRows);
    return new TextCondition(context.context(), pooled);
  }

  private void update(NDManager scope, NDArray loss, boolean contentActive, boolean styleActive) {
    List<ParameterGroup> active = new ArrayList<>();
    if (contentActive) {
      active.add(content);
    }
    if (styleActive) {
      active.add(style);
    }
    List<NDArray> parameters = active.stream().flatMap(g -> g.parameters().stream()).toList();
    List<NDArray> reached = new ArrayList<>(parameters);
    reached.addAll(captions.ordinaryRows()); // these count for the norm only
    NDList gradients = models.program().gradients(scope, loss, reached);
    DecompositionOptions.Optimiser optimiser = options.optimiser();
    int count = active.stream().mapToInt(ParameterGroup::countStep).max().orElseThrow();
    models
        .program()
        .adamw(
            scope,
            gradients,
            parameters,
            active.stream().flatMap(g -> g.firstMoments().stream()).toList(),
            active.stream().flatMap(g -> g.secondMoments().stream()).toList(),
            new CsdProgram.AdamW(
                learningRate(), optimiser.weightDecay(), optimiser.clipNorm(), count));
  }

  private double learningRate() {
    DecompositionOptions.Optimiser optimiser = options.optimiser();
    if (step >= optimiser.warmUpSteps()) {
      return optimiser.learningRate();
    }
    double progress = (double) step / optimiser.warmUpSteps();
    return optimiser.learningRate() * (WARM_UP_START + (1 - WARM_UP_START) * progress);
  }

  private static List<NDArray> values(NDManager scope, ParameterGroup group, boolean active) {
    return active
        ? group.parameters()
        : group.parameters().stream().map(p -> in(scope, p.stopGradient())).toList();
  }

  /**
   * DJL's operators leave their results with the manager of their input; these are for one step.
   */
  private static NDArray in(NDManager scope, NDArray array) {
    array.attach(scope);
    return array;
  }

  /** Parameters of a group are sorted by name: memories (k before v, block by block), then rows. */
  private List<NDArray> rows(List<NDArray> values) {
    return values.subList(values.size() - models.text().encoders(), values.size());
  }

  private @Nullable Memories memories(
      NDManager scope, List<NDArray> contentValues, List<NDArray> styleValues) {
    DecompositionOptions.Memory memory = options.memory();
    if (memory == null) {
      return null;
    }
    List<Integer> blocks = sortedByName(memory.blocks());
    List<NDArray> keys = new ArrayList<>();
    List<NDArray> values = new ArrayList<>();
    for (int i = 0; i < blocks.size(); i++) {
      keys.add(
          models
              .program()
              .memory(scope, List.of(styleValues.get(2 * i), contentValues.get(2 * i))));
      values.add(
          models
              .program()
              .memory(scope, List.of(styleValues.get(2 * i + 1), contentValues.get(2 * i + 1))));
    }
    return MemoryWindows.of(models.switti().architecture())
        .memories(blocks, keys, values, memory.pairs(), memory.pairs(), null);
  }

  private static List<Integer> sortedByName(List<Integer> blocks) {
    return blocks.stream().map(String::valueOf).sorted().map(Integer::valueOf).toList();
  }

  private Target target(boolean flipped) {
    int index = flipped ? 1 : 0;
    Target target = targets[index];
    if (target == null) {
      try (NDManager scope = manager.newSubManager()) {
        NDArray image = flipped ? in(scope, picture.flip(3)) : picture;
        target = Target.of(models, manager, image);
      }
      targets[index] = target;
    }
    return target;
  }

  private SortedMap<String, Tensor> initial(
      String group, List<Tensor> rows, SplittableRandom random) {
    SortedMap<String, Tensor> values = new TreeMap<>();
    for (int encoder = 0; encoder < rows.size(); encoder++) {
      values.put(group + ".rows." + encoder, rows.get(encoder));
    }
    DecompositionOptions.Memory memory = options.memory();
    if (memory != null) {
      int width = models.switti().architecture().width();
      int scales = models.switti().architecture().sides().size();
      // A prompt-tuning flavour of Xavier, as in the authors' code (backbones.md 5.6).
      double bound =
          Math.sqrt(6.0 / (3 * models.switti().architecture().tokensUpTo(scales - 1) + width));
      for (int block : memory.blocks()) {
        for (String part : List.of("k", "v")) {
          float[] uniform = new float[memory.pairs() * width];
          for (int i = 0; i < uniform.length; i++) {
            uniform[i] = (float) (bound * (2 * random.nextDouble() - 1));
          }
          values.put(
              group + ".memory." + block + "." + part,
              new Tensor(new long[] {memory.pairs(), width}, uniform));
        }
      }
    }
    return values;
  }

  private SortedMap<String, Tensor> projectors(SubConceptList subConcepts) {
    DecompositionOptions.Rectification rectification = options.rectification();
    SortedMap<String, Tensor> values = new TreeMap<>();
    try (NDManager scope = manager.newSubManager()) {
      for (int encoder = 0; encoder < models.text().encoders(); encoder++) {
        NDArray features =
            models.text().features(scope, encoder, subConcepts.lines(), rectification.space());
        NDArray projector = models.program().projector(scope, features, rectification.rank());
        values.put(
            "projector." + encoder,
            new Tensor(projector.getShape().getShape(), projector.toFloatArray()));
      }
    }
    return values;
  }

  Checkpoint checkpoint() {
    SortedMap<String, Tensor> tensors = new TreeMap<>(projectorValues);
    content.save(tensors);
    style.save(tensors);
    evaluated.forEach((name, tensor) -> tensors.put(Checkpoint.EVALUATED + name, tensor));
    return new Checkpoint(
        new Checkpoint.State(
            options,
            models.manifest().digest(),
            pictureDigest,
            subConceptSource,
            step,
            content.stepsTaken(),
            style.stepsTaken(),
            List.copyOf(losses)),
        tensors);
  }

  /** The concept at the evaluated step. */
  Concept concept() {
    SortedMap<String, Tensor> tensors = new TreeMap<>(evaluated);
    tensors.putAll(projectorValues);
    for (Tensor tensor : tensors.values()) {
      for (float value : tensor.values()) {
        if (!Float.isFinite(value)) {
          throw new EngineException(
              EngineException.Kind.NUMERIC_DIVERGENCE,
              "The run ended with numbers that are not finite; it has diverged.");
        }
      }
    }
    return new Concept(
        new ConceptMetadata(
            models.manifest().name(),
            models.manifest().digest(),
            options,
            subConceptSource,
            options.evaluatedStep(),
            losses),
        tensors);
  }

  private SortedMap<String, Tensor> learned() {
    SortedMap<String, Tensor> all = content.values();
    all.putAll(style.values());
    return all;
  }

  private static SortedMap<String, Tensor> startingWith(
      SortedMap<String, Tensor> tensors, String prefix) {
    return new TreeMap<>(tensors.subMap(prefix, prefix + Character.MAX_VALUE));
  }

  private static SortedMap<String, Tensor> withoutPrefix(
      SortedMap<String, Tensor> tensors, String prefix) {
    SortedMap<String, Tensor> shorter = new TreeMap<>();
    tensors.forEach((name, tensor) -> shorter.put(name.substring(prefix.length()), tensor));
    return shorter;
  }
}
