package io.diptych.pretrain;

import io.diptych.engine.training.Draws;
import io.diptych.engine.training.Schedule;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * A run's directory: settings, checkpoint, log and samples, with the same files as a run of {@code
 * tools/pretrain.py}, so that a run may move between the two. All randomness comes from seed and
 * step, so a resumed run equals an uninterrupted one.
 */
final class TrainingRun {

  private static final String FILE = "run.json";
  private static final String STEP = "step";
  private static final String SETTINGS = "settings";
  private static final double LAST_RATE = 0.02;

  private final Path directory;
  private final RunSettings settings;
  private final int logEvery;
  private final StopSignal stop = new StopSignal();
  private long step;
  private float @Nullable [] sums;
  private int summed;
  private long since = System.nanoTime();

  private TrainingRun(Path directory, RunSettings settings, long step, int logEvery) {
    this.directory = directory;
    this.settings = settings;
    this.step = step;
    this.logEvery = logEvery;
  }

  /**
   * Opens a run, or starts one; nothing is written yet.
   *
   * @param changes settings that differ from those so far
   */
  static TrainingRun open(TrainingOptions options, String model, List<String> changes) {
    return open(options, model, changes, null);
  }

  /**
   * Opens a run, or starts one; nothing is written yet.
   *
   * @param other a run whose settings a new one starts from; null for the defaults
   * @throws PretrainException when settings are missing, unknown or those of another model
   */
  static TrainingRun open(
      TrainingOptions options, String model, List<String> changes, @Nullable Path other) {
    Path directory = options.run;
    try {
      Path file = directory.resolve(FILE);
      Path source = Files.exists(file) || other == null ? file : other.resolve(FILE);
      if (other != null && !Files.exists(source)) {
        throw new PretrainException(
            other
                + " has no "
                + FILE
                + ", whose settings a new run starts from. Name the directory of a run; what slim"
                + " writes needs a copy of that file beside it.");
      }
      RunSettings settings =
          (Files.exists(source)
                  ? RunSettings.completed(Files.readString(source))
                  : RunSettings.defaults(model))
              .with(changes);
      if (!settings.model().equals(model)) {
        throw new PretrainException(
            directory + " is a run of " + settings.model() + ", not of " + model + ".");
      }
      Path checkpoint = directory.resolve("checkpoint.safetensors");
      long step =
          Files.exists(checkpoint)
              ? Long.parseLong(CheckpointHeader.read(checkpoint).getOrDefault(STEP, "0"))
              : 0;
      return new TrainingRun(directory, settings, step, options.logEvery);
    } catch (IOException e) {
      throw new PretrainException(
          "Cannot use the directory " + directory + ": " + e.getMessage() + ".", e);
    }
  }

  /** Writes the settings. Once all is checked: a refused command must leave a run as it was. */
  void keepSettings() throws IOException {
    Files.createDirectories(directory);
    Path part = directory.resolve(FILE + ".part");
    Files.writeString(part, settings.json());
    Files.move(
        part,
        directory.resolve(FILE),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  RunSettings settings() {
    return settings;
  }

  /** Settings that the checkpoint was written with. */
  RunSettings saved() {
    return CheckpointHeader.settings(checkpoint());
  }

  /** Steps done. */
  long step() {
    return step;
  }

  Path checkpoint() {
    return directory.resolve("checkpoint.safetensors");
  }

  boolean hasCheckpoint() {
    return Files.exists(checkpoint());
  }

  Path sample() {
    return directory.resolve("samples").resolve(String.format("step-%06d.png", step));
  }

  /** What a checkpoint says about itself. */
  Map<String, String> metadata() {
    return Map.of(STEP, Long.toString(step), SETTINGS, settings.json());
  }

  /** Warm-up, constant, then a cosine down to a fiftieth. */
  double rate() {
    double rate = settings.real("rate") * Math.min(1, (step + 1) / settings.real("warmUp"));
    double decayFrom = settings.real("decayFrom");
    if (step > decayFrom) {
      double t = Math.min(1, (step - decayFrom) / Math.max(1, settings.real("steps") - decayFrom));
      rate *= LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + Math.cos(Math.PI * t));
    }
    return rate;
  }

  /** Settings of the next step. */
  Schedule schedule() {
    return new Schedule(
        rate(),
        settings.real("beta1"),
        settings.real("beta2"),
        settings.real("weightDecay"),
        settings.real("clip"),
        step + 1,
        Math.min(settings.real("average"), (1.0 + step) / (10.0 + step)));
  }

  /** Which pictures the next step sees. */
  int[] pictures(String purpose, int count, int size) {
    return Draws.below(settings.seed(), purpose + ".image." + step, count, size);
  }

  /** Which of them it sees mirrored. */
  boolean[] mirrored(String purpose, int count) {
    int[] drawn = Draws.below(settings.seed(), purpose + ".mirror." + step, count, 2);
    boolean[] mirrored = new boolean[count];
    for (int i = 0; i < count; i++) {
      mirrored[i] = drawn[i] == 1;
    }
    return mirrored;
  }

  /** Adds a step's figures; writes a line with their means now and then. */
  void report(float[] values, List<String> names, int batch) {
    if (sums == null) {
      sums = new float[values.length];
    }
    for (int i = 0; i < values.length; i++) {
      sums[i] += values[i];
    }
    summed++;
    if ((step + 1) % logEvery == 0) {
      ObjectNode line = RunSettings.JSON.createObjectNode();
      line.put(STEP, step + 1).put("images", (step + 1) * batch).put("rate", rounded(rate()));
      double seconds = (System.nanoTime() - since) / 1e9;
      line.put("imagesPerSecond", rounded((double) summed * batch / seconds));
      for (int i = 0; i < names.size(); i++) {
        line.put(names.get(i), rounded(sums[i] / summed));
      }
      log(line);
      sums = null;
      summed = 0;
      since = System.nanoTime();
    }
  }

  /** A line of the log that begins with the step. */
  ObjectNode line() {
    return RunSettings.JSON.createObjectNode().put(STEP, step);
  }

  void log(ObjectNode line) {
    String text = RunSettings.JSON.writeValueAsString(line);
    System.out.println(text);
    try {
      Files.writeString(
          directory.resolve("log.jsonl"),
          text + "\n",
          StandardCharsets.UTF_8,
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new PretrainException(
          "Cannot write the log in " + directory + ": " + e.getMessage() + ".", e);
    }
  }

  /** Five significant digits. */
  static double rounded(double value) {
    return Double.isFinite(value)
        ? new java.math.BigDecimal(value).round(new java.math.MathContext(5)).doubleValue()
        : value;
  }

  /** What the loop drives. */
  interface Training {

    void step();

    void save(Path checkpoint, Map<String, String> metadata) throws IOException;

    void sample() throws IOException;
  }

  /** Steps until the recipe's end, the given time, or a signal; the last state is always saved. */
  void train(TrainingOptions options, Training training) {
    long begun = System.nanoTime();
    long saved = begun;
    try {
      keepSettings();
      if (step == 0) {
        training.sample(); // where it begins
      }
      while (step < settings.real("steps") && !stop.asked()) {
        training.step();
        step++;
        if (step % options.sampleEvery == 0) {
          training.sample();
        }
        if (minutesSince(saved) > options.saveMinutes) {
          training.save(checkpoint(), metadata());
          saved = System.nanoTime();
        }
        if (options.minutes > 0 && minutesSince(begun) > options.minutes) {
          break;
        }
      }
      training.save(checkpoint(), metadata());
      training.sample();
    } catch (IOException e) {
      throw new PretrainException(
          "Cannot write to "
              + directory
              + ": "
              + e.getMessage()
              + ". The last checkpoint is whole.",
          e);
    } finally {
      stop.done();
    }
  }

  private static double minutesSince(long nanos) {
    return (System.nanoTime() - nanos) / 60e9;
  }

  /** Lets a signal end the loop after its step, and the process after the last checkpoint. */
  private static final class StopSignal {

    private final CountDownLatch done = new CountDownLatch(1);
    private volatile boolean asked;
    private volatile boolean armed;

    boolean asked() {
      if (!armed) {
        armed = true;
        Runtime.getRuntime()
            .addShutdownHook(
                new Thread(
                    () -> {
                      asked = true;
                      try {
                        done.await();
                      } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                      }
                    },
                    "pretrain-stop"));
      }
      return asked;
    }

    void done() {
      done.countDown();
    }
  }
}
