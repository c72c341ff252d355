package io.diptych.pretrain.data;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * One split of a data set on disk, for reading: random access, decoded on demand from memory-mapped
 * shards.
 *
 * <p>Safe to use from several threads.
 */
public final class Dataset {

  /**
   * One picture.
   *
   * @param rgb interleaved red, green, blue, row-major, {@code imageSize * imageSize * 3} bytes
   * @param caption may be empty
   * @param thing index in {@link #things()}
   * @param style index in {@link #styles()}
   * @param context the backdrop's id
   */
  public record Sample(byte[] rgb, String caption, int thing, int style, String context) {}

  /**
   * A class that a judge can name: its stable id, its name in words, and whether no training
   * picture shows it.
   */
  public record Label(String id, String name, boolean heldOut) {}

  private record Entry(
      int shard, int offset, int length, String caption, int thing, int style, String context) {}

  private final int imageSize;
  private final List<Label> things;
  private final List<Label> styles;
  private final List<ByteBuffer> shards;
  private final List<Entry> entries;

  private Dataset(
      int imageSize,
      List<Label> things,
      List<Label> styles,
      List<ByteBuffer> shards,
      List<Entry> entries) {
    this.imageSize = imageSize;
    this.things = things;
    this.styles = styles;
    this.shards = shards;
    this.entries = entries;
  }

  /**
   * Opens a split of a finished data set.
   *
   * @throws DatasetException when the directory holds no finished data set, or not this split, or a
   *     file has another size than {@code dataset.json} says
   */
  public static Dataset open(Path directory, Split split) {
    Path indexFile = directory.resolve(DatasetWriter.INDEX);
    if (!Files.isRegularFile(indexFile)) {
      throw new DatasetException(
          directory
              + " holds no finished data set (no "
              + DatasetWriter.INDEX
              + "). Run the dataset command with this directory first.");
    }
    JsonNode index = Json.read(indexFile);
    if (!Encoding.NAME.equals(index.path("encoding").asString())) {
      throw new DatasetException(
          directory
              + " is encoded as "
              + index.path("encoding").asString()
              + ", this version reads "
              + Encoding.NAME
              + ". Make the data set again.");
    }
    JsonNode part = index.path("splits").path(split.id());
    if (part.isMissingNode()) {
      throw new DatasetException(
          directory + " has no split " + split.id() + ". Make the data set again with it.");
    }
    List<ByteBuffer> shards = new ArrayList<>();
    List<Entry> entries = new ArrayList<>();
    for (JsonNode shard : part.path("shards")) {
      Path pictures = directory.resolve(shard.path("name").asString() + ".bin");
      Path lines = directory.resolve(shard.path("name").asString() + ".jsonl");
      try (FileChannel channel = FileChannel.open(pictures, StandardOpenOption.READ);
          BufferedReader reader = Files.newBufferedReader(lines)) {
        if (channel.size() != shard.path("bytes").asLong()) {
          throw new DatasetException(
              pictures
                  + " has "
                  + channel.size()
                  + " bytes, "
                  + DatasetWriter.INDEX
                  + " says "
                  + shard.path("bytes").asLong()
                  + ". Copy it again, or make the data set again.");
        }
        shards.add(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size()));
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
          JsonNode node = Json.MAPPER.readTree(line);
          entries.add(
              new Entry(
                  shards.size() - 1,
                  node.path("offset").asInt(),
                  node.path("length").asInt(),
                  node.path("caption").asString(),
                  node.path("thingIndex").asInt(),
                  node.path("styleIndex").asInt(),
                  node.path("context").asString()));
        }
      } catch (IOException | JacksonException e) {
        throw new DatasetException(
            "Cannot read "
                + pictures
                + " and its lines: "
                + e.getMessage()
                + ". Copy the directory again, or make the data set again.",
            e);
      }
    }
    if (entries.size() != part.path("count").asInt()) {
      throw new DatasetException(
          "The split "
              + split.id()
              + " of "
              + directory
              + " has "
              + entries.size()
              + " pictures, "
              + DatasetWriter.INDEX
              + " says "
              + part.path("count").asInt()
              + ". Copy the directory again, or make the data set again.");
    }
    return new Dataset(
        index.path("size").asInt(),
        labels(index.path("things"), "code"),
        labels(index.path("styles"), "id"),
        List.copyOf(shards),
        List.copyOf(entries));
  }

  private static List<Label> labels(JsonNode list, String id) {
    List<Label> labels = new ArrayList<>();
    for (JsonNode one : list) {
      labels.add(
          new Label(
              one.path(id).asString(),
              one.path("name").asString(),
              one.path("heldOut").asBoolean()));
    }
    return List.copyOf(labels);
  }

  /** Number of pictures. */
  public int size() {
    return entries.size();
  }

  /** Pixels along one side of a picture. */
  public int imageSize() {
    return imageSize;
  }

  /** Every thing of the data set, held-out ones included, by index. */
  public List<Label> things() {
    return things;
  }

  /** Every style of the data set, held-out ones included, by index. */
  public List<Label> styles() {
    return styles;
  }

  /** What a picture shows. */
  public Label thing(Sample sample) {
    return things.get(sample.thing());
  }

  /** How a picture is drawn. */
  public Label style(Sample sample) {
    return styles.get(sample.style());
  }

  /**
   * Reads and decodes one picture.
   *
   * @param index from 0 to {@link #size()} less one
   */
  public Sample get(int index) {
    Entry entry = entries.get(index);
    byte[] encoded = new byte[entry.length()];
    shards.get(entry.shard()).get(entry.offset(), encoded);
    return new Sample(
        Encoding.decode(encoded, imageSize),
        entry.caption(),
        entry.thing(),
        entry.style(),
        entry.context());
  }

  /** The caption of a picture, without decoding it. */
  public String caption(int index) {
    return entries.get(index).caption();
  }

  /**
   * Writes one picture as planes, red first, each {@code imageSize * imageSize}, in -1 to 1.
   *
   * @param into receives {@code 3 * imageSize * imageSize} values from {@code offset} on
   */
  public static void toPlanes(byte[] rgb, float[] into, int offset, boolean mirrored) {
    int pixels = rgb.length / 3;
    int side = (int) Math.round(Math.sqrt(pixels));
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        int from = 3 * (y * side + (mirrored ? side - 1 - x : x));
        int to = offset + y * side + x;
        into[to] = (rgb[from] & 255) / 127.5f - 1;
        into[to + pixels] = (rgb[from + 1] & 255) / 127.5f - 1;
        into[to + 2 * pixels] = (rgb[from + 2] & 255) / 127.5f - 1;
      }
    }
  }

  /**
   * The order of one pass over the split: every index once, shuffled by seed and epoch alone.
   *
   * @param epoch 0 for the first pass
   */
  public int[] epoch(long seed, int epoch) {
    int[] order = new int[size()];
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    SplittableRandom random = new SplittableRandom(Split.hash(seed + "|epoch|" + epoch));
    for (int i = order.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int kept = order[i];
      order[i] = order[j];
      order[j] = kept;
    }
    return order;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%d pictures of %d px, %d things, %d styles",
        size(),
        imageSize,
        things.size(),
        styles.size());
  }
}
