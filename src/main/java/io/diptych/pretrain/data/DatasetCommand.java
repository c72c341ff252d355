package io.diptych.pretrain.data;

import io.diptych.pretrain.data.paint.Sprite;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code dataset}: fetches the art, draws the pictures, writes the data set. */
@Command(
    name = "dataset",
    mixinStandardHelpOptions = true,
    description =
        "Makes the pretraining data: fetches emoji art, draws it in many styles and places, writes captions and splits.")
public final class DatasetCommand implements Callable<Integer> {

  private static final long REPORT_NANOS = 10_000_000_000L;

  /** Which things are drawn. */
  enum ThingList {
    CURATED,
    ALL
  }

  @Option(names = "--out", paramLabel = "DIR", description = "Where the data set is written.")
  private @Nullable Path out;

  @Option(
      names = "--cache",
      paramLabel = "DIR",
      required = true,
      description = "Where fetched packages are kept.")
  private Path cache = Path.of("cache");

  @Option(
      names = "--size",
      defaultValue = "64",
      description = "Pixels along one side (${DEFAULT-VALUE}).")
  private int size;

  @Option(
      names = "--things",
      defaultValue = "CURATED",
      description = "Which things: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE}).")
  private ThingList list = ThingList.CURATED;

  @Option(
      names = "--images",
      defaultValue = "60000",
      description = "Pictures to learn from (${DEFAULT-VALUE}).")
  private int images;

  @Option(
      names = "--held-out-images",
      defaultValue = "1500",
      description = "Pictures in each of the other splits (${DEFAULT-VALUE}).")
  private int heldOutImages;

  @Option(
      names = "--split",
      split = ",",
      paramLabel = "NAME",
      description =
          "Only these splits: train, validation, heldout-pairs, heldout-things, heldout-styles.")
  private List<String> splits = List.of();

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Seed of everything random (${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--shard-images",
      defaultValue = "4000",
      description = "Pictures in a file (${DEFAULT-VALUE}).")
  private int shardImages;

  @Option(names = "--threads", description = "Threads that draw (one for each processor).")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--sheets",
      paramLabel = "DIR",
      description = "Also writes contact sheets of sets, styles and places there.")
  private @Nullable Path sheets;

  @Option(
      names = "--picture",
      paramLabel = ExamplePictures.FORM + "=FILE",
      description =
          "Also writes this picture as a PNG, as in fox,watercolor,forest,noto=fox.png; may be repeated.")
  private Map<String, Path> pictures = Map.of();

  @Option(
      names = "--attribution",
      paramLabel = "FILE",
      description = "Also writes the list of sets, authors and licences there.")
  private @Nullable Path attribution;

  /** Runs the command alone. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  /** The command with its manners: options without case, errors as one sentence. */
  static CommandLine commandLine() {
    return new CommandLine(new DatasetCommand())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(
            (e, line, result) -> {
              if (e instanceof DatasetException) {
                line.getErr().println(e.getMessage());
                return 1;
              }
              throw e;
            });
  }

  @Override
  public Integer call() {
    System.setProperty("java.awt.headless", "true");
    check();
    NpmPackages packages = new NpmPackages(cache);
    Map<EmojiSet, IconSet> collections = ArtLibrary.readCollections(packages);
    Path images3d = packages.directory(EmojiSet.FLUENT_3D);
    Things things =
        Things.read(
            packages.directory(EmojiSet.NAMES), images3d, collections, list == ThingList.CURATED);
    ArtLibrary library = new ArtLibrary(collections, images3d, size * Recipe.OVERSAMPLING * 3 / 2);
    Recipe.Art art = art(things, library);
    Recipe recipe = new Recipe(things.all(), art, size, seed);
    System.err.printf(
        Locale.ROOT,
        "%d things, %d styles; pairs: %d to learn, %d held out, %d of held-out things, %d of held-out styles%n",
        recipe.things().size(),
        Style.values().length,
        recipe.pairs(Split.TRAIN),
        recipe.pairs(Split.HELDOUT_PAIRS),
        recipe.pairs(Split.HELDOUT_THINGS),
        recipe.pairs(Split.HELDOUT_STYLES));
    if (attribution != null) {
      Attribution.write(attribution, packages);
    }
    if (sheets != null) {
      new ContactSheets(recipe, things, library).write(sheets);
    }
    new ExamplePictures(recipe, art).write(pictures);
    if (out != null) {
      write(recipe, out);
    }
    report(library);
    return 0;
  }

  private void check() {
    if (size < 32 || size > 256 || size % 2 != 0) {
      throw new DatasetException("--size must be even and from 32 to 256, not " + size + ".");
    }
    if (images < 1 || heldOutImages < 1 || shardImages < 1 || threads < 1) {
      throw new DatasetException(
          "--images, --held-out-images, --shard-images and --threads must be at least 1.");
    }
    if (out == null && sheets == null && attribution == null && pictures.isEmpty()) {
      throw new DatasetException(
          "Nothing to do: name --out, --sheets, --picture or --attribution.");
    }
  }

  private static Recipe.Art art(Things things, ArtLibrary library) {
    return new Recipe.Art() {
      @Override
      public List<String> drawings(Thing thing, EmojiSet set) {
        return things.drawings(thing, set);
      }

      @Override
      public @Nullable Sprite sprite(EmojiSet set, String drawing) {
        return library.sprite(set, drawing);
      }
    };
  }

  private void write(Recipe recipe, Path directory) {
    Map<Split, Integer> counts = new EnumMap<>(Split.class);
    for (Split split : Split.values()) {
      if (splits.isEmpty() || splits.contains(split.id())) {
        counts.put(split, split == Split.TRAIN ? images : heldOutImages);
      }
    }
    for (String name : splits) {
      if (counts.keySet().stream().noneMatch(split -> split.id().equals(name))) {
        throw new DatasetException("There is no split " + name + ".");
      }
    }
    long total = counts.values().stream().mapToLong(Integer::longValue).sum();
    long start = System.nanoTime();
    AtomicLong said = new AtomicLong(start);
    new DatasetWriter(recipe, directory, counts, shardImages, list.name().toLowerCase(Locale.ROOT))
        .write(
            threads,
            done -> {
              long now = System.nanoTime();
              long last = said.get();
              if (now - last > REPORT_NANOS && said.compareAndSet(last, now)) {
                System.err.printf(
                    Locale.ROOT,
                    "%d of %d pictures, %.0f a second%n",
                    done,
                    total,
                    done / ((now - start) / 1e9));
              }
            });
    System.err.printf(
        Locale.ROOT, "%.0f pictures a second%n", total / ((System.nanoTime() - start) / 1e9));
    System.out.println("Wrote " + total + " pictures to " + directory);
  }

  private static void report(ArtLibrary library) {
    Map<String, String> failures = library.failures();
    if (!failures.isEmpty()) {
      System.err.println(failures.size() + " drawings were left out:");
      failures.forEach((drawing, reason) -> System.err.println("  " + drawing + ": " + reason));
    }
  }
}
