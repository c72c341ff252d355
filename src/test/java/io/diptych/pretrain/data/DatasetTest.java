package io.diptych.pretrain.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class DatasetTest {

  private static final int SIZE = 32;

  @TempDir private Path directory;

  @Test
  void whatIsWrittenIsRead() {
    Recipe recipe = recipe(new DrawnShapes(), 7);
    write(recipe, directory, 2);
    for (Split split : Split.values()) {
      Dataset dataset = Dataset.open(directory, split);
      assertThat(dataset.size()).isEqualTo(split == Split.TRAIN ? 25 : 6);
      assertThat(dataset.imageSize()).isEqualTo(SIZE);
      for (int i = 0; i < dataset.size(); i++) {
        Recipe.Painted painted = recipe.paint(split, i);
        Dataset.Sample sample = dataset.get(i);
        assertThat(sample.rgb()).isEqualTo(painted.rgb());
        assertThat(sample.caption()).isEqualTo(painted.caption());
        assertThat(sample.thing()).isEqualTo(painted.thing());
        assertThat(sample.style()).isEqualTo(painted.style().ordinal());
        assertThat(sample.context()).isEqualTo(painted.backdrop().id());
        Dataset.Label thing = dataset.things().get(sample.thing());
        Dataset.Label style = dataset.styles().get(sample.style());
        assertThat(thing.heldOut()).isEqualTo(split == Split.HELDOUT_THINGS);
        assertThat(style.heldOut()).isEqualTo(split == Split.HELDOUT_STYLES);
      }
    }
  }

  @Test
  void theFilesDoNotDependOnTheNumberOfThreads(@TempDir Path other) throws IOException {
    write(recipe(new DrawnShapes(), 7), directory, 1);
    write(recipe(new DrawnShapes(), 7), other, 4);
    assertThat(digests(other)).isEqualTo(digests(directory));
  }

  @Test
  void anotherSeedMakesOtherPictures(@TempDir Path other) {
    write(recipe(new DrawnShapes(), 7), directory, 2);
    write(recipe(new DrawnShapes(), 8), other, 2);
    assertThat(Dataset.open(other, Split.TRAIN).get(0).rgb())
        .isNotEqualTo(Dataset.open(directory, Split.TRAIN).get(0).rgb());
  }

  @Test
  void aRunThatWasCutOffGoesOnWithTheMissingShards() throws IOException {
    write(recipe(new DrawnShapes(), 7), directory, 2);
    Map<String, String> whole = digests(directory);
    Files.delete(directory.resolve("dataset.json"));
    // Died between a shard's pictures and its lines.
    Files.delete(directory.resolve("train-001.jsonl"));
    DrawnShapes art = new DrawnShapes();
    write(recipe(art, 7), directory, 2);
    assertThat(digests(directory)).isEqualTo(whole);
    assertThat(art.asked).hasValue(10);
  }

  @Test
  void aDirectoryOfAnotherDataSetIsRefused() {
    write(recipe(new DrawnShapes(), 7), directory, 2);
    assertThatThrownBy(() -> write(recipe(new DrawnShapes(), 8), directory, 2))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("made with other options");
  }

  @Test
  void anUnfinishedDataSetIsNotOpened() throws IOException {
    write(recipe(new DrawnShapes(), 7), directory, 2);
    Files.delete(directory.resolve("dataset.json"));
    assertThatThrownBy(() -> Dataset.open(directory, Split.TRAIN))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("no finished data set");
  }

  @Test
  void aShardThatIsCutShortIsRefused() throws IOException {
    write(recipe(new DrawnShapes(), 7), directory, 2);
    Path shard = directory.resolve("train-000.bin");
    byte[] bytes = Files.readAllBytes(shard);
    Files.write(shard, Arrays.copyOf(bytes, bytes.length - 10));
    assertThatThrownBy(() -> Dataset.open(directory, Split.TRAIN))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("train-000.bin");
  }

  @Test
  void anEpochShowsEveryPictureOnceInAnOrderOfItsOwn() {
    write(recipe(new DrawnShapes(), 7), directory, 2);
    Dataset dataset = Dataset.open(directory, Split.TRAIN);
    int[] first = dataset.epoch(3, 0);
    assertThat(first).containsExactlyInAnyOrder(IntStream.range(0, 25).toArray());
    assertThat(dataset.epoch(3, 0)).isEqualTo(first);
    assertThat(dataset.epoch(3, 1)).isNotEqualTo(first);
    assertThat(dataset.epoch(4, 0)).isNotEqualTo(first);
  }

  @Test
  void planesAreRedGreenBlueFromMinusOneToOne() {
    byte[] rgb = {0, (byte) 255, 51, (byte) 255, 0, 0, 0, 0, 0, 0, 0, 0};
    float[] planes = new float[12];
    Dataset.toPlanes(rgb, planes, 0, false);
    assertThat(planes[0]).isEqualTo(-1f);
    assertThat(planes[1]).isEqualTo(1f);
    assertThat(planes[4]).isEqualTo(1f);
    assertThat(planes[8]).isCloseTo(-0.6f, org.assertj.core.data.Offset.offset(1e-6f));
    Dataset.toPlanes(rgb, planes, 0, true);
    assertThat(planes[0]).isEqualTo(1f);
    assertThat(planes[1]).isEqualTo(-1f);
  }

  @Test
  void onlyPairsOfTheirSplitAreDrawn() {
    Recipe recipe = recipe(new DrawnShapes(), 7);
    for (Split split : Split.values()) {
      for (int i = 0; i < 25; i++) {
        Recipe.Painted painted = recipe.paint(split, i);
        String code = recipe.things().get(painted.thing()).code();
        assertThat(split.holds(code, painted.style())).isTrue();
      }
    }
  }

  @Test
  void aDrawingThatCannotBeRenderedIsReplacedByAnother() {
    DrawnShapes shapes = new DrawnShapes();
    Recipe.Art art =
        new Recipe.Art() {
          @Override
          public List<String> drawings(Thing thing, EmojiSet set) {
            return shapes.drawings(thing, set);
          }

          @Override
          public io.diptych.pretrain.data.paint.@org.jspecify.annotations.Nullable Sprite sprite(
              EmojiSet set, String drawing) {
            return set == EmojiSet.NOTO ? shapes.sprite(set, drawing) : null;
          }
        };
    Recipe recipe = new Recipe(DrawnShapes.things(40), art, SIZE, 1);
    for (int i = 0; i < 20; i++) {
      assertThat(recipe.paint(Split.TRAIN, i).set()).isEqualTo(EmojiSet.NOTO);
    }
  }

  private static Recipe recipe(Recipe.Art art, long seed) {
    return new Recipe(DrawnShapes.things(40), art, SIZE, seed);
  }

  private static void write(Recipe recipe, Path directory, int threads) {
    Map<Split, Integer> counts = new TreeMap<>();
    for (Split split : Split.values()) {
      counts.put(split, split == Split.TRAIN ? 25 : 6);
    }
    List<Long> progress = new ArrayList<>();
    new DatasetWriter(recipe, directory, counts, 10, "test")
        .write(
            threads,
            done -> {
              synchronized (progress) {
                progress.add(done);
              }
            });
    assertThat(progress).contains(49L);
  }

  private static Map<String, String> digests(Path directory) throws IOException {
    Map<String, String> digests = new TreeMap<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        digests.put(file.getFileName().toString(), DatasetWriter.sha256(file));
      }
    }
    JsonNode index = Json.read(directory.resolve("dataset.json"));
    assertThat(index.path("splits").path("train").path("shards").get(1).path("sha256").asString())
        .isEqualTo(digests.get("train-001.bin"));
    return digests;
  }
}
