package io.diptych.pretrain.data;

import io.diptych.pretrain.data.paint.Backdrop;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a data set: shards of pictures with one line of JSON each, and {@code dataset.json} at the
 * end.
 *
 * <p>A shard appears whole or not at all, its lines last; a run that was cut off goes on with the
 * shards that are missing. The files do not depend on the number of threads.
 */
final class DatasetWriter {

  static final String INDEX = "dataset.json";
  static final String PLAN = "plan.json";

  private final Recipe recipe;
  private final Path directory;
  private final int shardImages;
  private final ObjectNode plan;

  /**
   * @param counts pictures of each split; a split without an entry is left out
   */
  DatasetWriter(
      Recipe recipe, Path directory, Map<Split, Integer> counts, int shardImages, String list) {
    this.recipe = recipe;
    this.directory = directory;
    this.shardImages = shardImages;
    this.plan = plan(list, counts);
  }

  /**
   * Writes what is missing.
   *
   * @param progress told the number of pictures done so far, kept shards included; called from any
   *     thread
   * @throws DatasetException when the directory holds another data set, or cannot be written
   */
  void write(int threads, LongConsumer progress) {
    try {
      Files.createDirectories(directory);
      claim();
      List<Shard> shards = shards();
      AtomicLong done = new AtomicLong();
      ExecutorService pool = Executors.newFixedThreadPool(threads);
      try {
        List<Future<?>> running = new ArrayList<>();
        for (Shard shard : shards) {
          running.add(
              pool.submit(
                  () -> {
                    if (!isWhole(shard)) {
                      write(shard, done, progress);
                    } else {
                      progress.accept(done.addAndGet(shard.count()));
                    }
                    return null;
                  }));
        }
        for (Future<?> one : running) {
          one.get();
        }
      } finally {
        pool.shutdownNow();
      }
      finish(shards);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      if (cause instanceof DatasetException known) {
        throw known;
      }
      throw new DatasetException(
          "Writing the data set stopped: " + cause + ". Whole shards are kept; run again to go on.",
          cause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DatasetException(
          "Writing the data set was interrupted. Whole shards are kept; run again to go on.", e);
    } catch (IOException | UncheckedIOException e) {
      throw new DatasetException(
          "Cannot write "
              + directory
              + ": "
              + e.getMessage()
              + ". Check that it is writable and the disk is not full; run again to go on.",
          e);
    }
  }

  /** One file of pictures: {@code train-000.bin} and {@code train-000.jsonl}. */
  private record Shard(Split split, int number, long first, int count) {
    String name() {
      return String.format(Locale.ROOT, "%s-%03d", split.id(), number);
    }
  }

  private List<Shard> shards() {
    List<Shard> shards = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : plan.path("counts").properties()) {
      Split split = Split.valueOf(entry.getKey().toUpperCase(Locale.ROOT).replace('-', '_'));
      int count = entry.getValue().asInt();
      for (int first = 0, n = 0; first < count; first += shardImages, n++) {
        shards.add(new Shard(split, n, first, Math.min(shardImages, count - first)));
      }
    }
    return shards;
  }

  private ObjectNode plan(String list, Map<Split, Integer> counts) {
    ObjectNode node = Json.MAPPER.createObjectNode();
    node.put("recipe", Recipe.VERSION);
    node.put("size", recipe.size());
    node.put("seed", recipe.seed());
    node.put("list", list);
    node.put("encoding", Encoding.NAME);
    node.put("shardImages", shardImages);
    ObjectNode parts = node.putObject("counts");
    counts.forEach((split, count) -> parts.put(split.id(), count));
    ObjectNode packages = node.putObject("packages");
    for (EmojiSet set : EmojiSet.values()) {
      packages.put(set.packageName(), set.version());
    }
    return node;
  }

  private void claim() throws IOException {
    Path file = directory.resolve(PLAN);
    if (Files.exists(file)) {
      if (!Json.read(file).equals(Json.MAPPER.readTree(Json.MAPPER.writeValueAsString(plan)))) {
        throw new DatasetException(
            directory
                + " holds a data set made with other options or another version of the recipe (see "
                + PLAN
                + " there). Name another directory, or delete this one.");
      }
      return;
    }
    store(file, Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(plan) + "\n");
  }

  private boolean isWhole(Shard shard) {
    return Files.isRegularFile(directory.resolve(shard.name() + ".bin"))
        && Files.isRegularFile(directory.resolve(shard.name() + ".jsonl"));
  }

  private void write(Shard shard, AtomicLong done, LongConsumer progress) throws IOException {
    Path pictures = directory.resolve(shard.name() + ".bin.part");
    StringBuilder lines = new StringBuilder();
    try {
      try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(pictures))) {
        long offset = 0;
        for (int i = 0; i < shard.count(); i++) {
          if (Thread.currentThread().isInterrupted()) {
            throw new DatasetException("Stopped. Whole shards are kept; run again to go on.");
          }
          Recipe.Painted painted = recipe.paint(shard.split(), shard.first() + i);
          byte[] encoded = Encoding.encode(painted.rgb(), recipe.size());
          out.write(encoded);
          lines.append(line(painted, offset, encoded.length)).append('\n');
          offset += encoded.length;
          progress.accept(done.incrementAndGet());
        }
      }
      Files.move(
          pictures,
          directory.resolve(shard.name() + ".bin"),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(pictures);
    }
    store(directory.resolve(shard.name() + ".jsonl"), lines.toString());
  }

  private String line(Recipe.Painted painted, long offset, int length) {
    Thing thing = recipe.things().get(painted.thing());
    ObjectNode node = Json.MAPPER.createObjectNode();
    node.put("offset", offset);
    node.put("length", length);
    node.put("thing", thing.code());
    node.put("thingIndex", painted.thing());
    node.put("label", thing.name());
    node.put("style", painted.style().id());
    node.put("styleIndex", painted.style().ordinal());
    node.put("styleName", painted.style().label());
    node.put("context", painted.backdrop().id());
    node.put("set", painted.set().id());
    node.put("caption", painted.caption());
    return Json.MAPPER.writeValueAsString(node);
  }

  private void finish(List<Shard> shards) throws IOException {
    ObjectNode node = plan.deepCopy();
    ObjectNode splits = node.putObject("splits");
    for (Shard shard : shards) {
      ObjectNode split =
          splits.has(shard.split().id())
              ? (ObjectNode) splits.get(shard.split().id())
              : splits.putObject(shard.split().id());
      if (!split.has("count")) {
        split.put("count", plan.path("counts").path(shard.split().id()).asInt());
        split.put("pairs", recipe.pairs(shard.split()));
        split.putArray("shards");
      }
      ObjectNode file = ((ArrayNode) split.get("shards")).addObject();
      file.put("name", shard.name());
      file.put("count", shard.count());
      file.put("bytes", Files.size(directory.resolve(shard.name() + ".bin")));
      file.put("sha256", sha256(directory.resolve(shard.name() + ".bin")));
      file.put("linesSha256", sha256(directory.resolve(shard.name() + ".jsonl")));
    }
    ArrayNode things = node.putArray("things");
    for (Thing thing : recipe.things()) {
      ObjectNode one = things.addObject();
      one.put("code", thing.code());
      one.put("name", thing.name());
      one.put("heldOut", Split.holdsOut(thing.code()));
      ArrayNode sets = one.putArray("sets");
      thing.sets().forEach(set -> sets.add(set.id()));
    }
    ArrayNode styles = node.putArray("styles");
    for (Style style : Style.values()) {
      ObjectNode one = styles.addObject();
      one.put("id", style.id());
      one.put("name", style.label());
      ArrayNode hands = one.putArray("hands");
      EmojiSet.drawn().stream().filter(style.hands()::contains).forEach(set -> hands.add(set.id()));
      one.put("heldOut", Split.holdsOut(style));
    }
    ArrayNode contexts = node.putArray("contexts");
    Backdrop.all().forEach(b -> contexts.add(b.id()));
    ObjectNode rule = node.putObject("splitRule");
    rule.put("salt", Split.SALT);
    rule.put("thingsShare", Split.THINGS_SHARE);
    rule.put("pairsShare", Split.PAIRS_SHARE);
    ArrayNode kept = rule.putArray("styles");
    for (Style style : Style.values()) {
      if (Split.holdsOut(style)) {
        kept.add(style.id());
      }
    }
    store(
        directory.resolve(INDEX),
        Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(node) + "\n");
  }

  static String sha256(Path file) throws IOException {
    try (DigestInputStream in =
        new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
      in.transferTo(OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(in.getMessageDigest().digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }

  private static void store(Path file, String text) throws IOException {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    try {
      Files.writeString(part, text, StandardCharsets.UTF_8);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }
}
