package io.diptych.pretrain.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ThingsTest {

  private static final String SQUARE = "<path fill='currentColor' d='M2 2h12v12H2z'/>";

  @TempDir private Path directory;

  private Path names = Path.of("");
  private Path images = Path.of("");
  private final Map<EmojiSet, IconSet> collections = new EnumMap<>(EmojiSet.class);

  @BeforeEach
  void packages() throws IOException {
    names = directory.resolve("names");
    images = directory.resolve("images");
    write(
        names.resolve("en/data.json"),
        """
        [{"label": "fox", "hexcode": "1F98A", "tags": ["animal", "R2"], "group": 3, "subgroup": 34},
         {"label": "penguin", "hexcode": "1F427", "group": 3, "subgroup": 35},
         {"label": "snowflake", "hexcode": "2744", "group": 5, "subgroup": 59},
         {"label": "two o’clock", "hexcode": "1F551", "group": 5, "subgroup": 58},
         {"label": "woman running", "hexcode": "1F3C3-200D-2640-FE0F", "group": 1, "subgroup": 27},
         {"label": "flag: France", "hexcode": "1F1EB-1F1F7", "group": 9, "subgroup": 98},
         {"label": "regional indicator F", "hexcode": "1F1EB"}]
        """);
    collection(
        EmojiSet.NOTO,
        "fox,penguin,snowflake,two-oclock",
        "{}",
        "{\"1f98a\": \"fox\", \"2744\": \"snowflake\"}");
    collection(
        EmojiSet.NOTO_V1,
        "fox-face,woman-running",
        "{\"penguin\": {\"parent\": \"fox-face\", \"hFlip\": true}}",
        "");
    collection(EmojiSet.TWEMOJI, "vixen,flag-france", "{\"fox\": {\"parent\": \"vixen\"}}", "");
    collection(EmojiSet.FXEMOJI, "foxface,foxcrying", "{}", "");
    collection(EmojiSet.STREAMLINE, "fox-face-1,fox-face-2,penguin-1", "{}", "");
    write(images.resolve("assets/2744-fe0f.webp"), "");
    write(images.resolve("assets/1f98a.webp"), "");
  }

  @Test
  void drawingsOfAllSetsMeetAtTheirCodePoint() {
    Things things = Things.read(names, images, collections, false);
    assertThat(things.all()).extracting(Thing::name).containsExactly("fox");
    Thing fox = things.all().get(0);
    assertThat(fox.sets())
        .containsExactly(
            EmojiSet.FLUENT_3D,
            EmojiSet.NOTO,
            EmojiSet.NOTO_V1,
            EmojiSet.FXEMOJI,
            EmojiSet.TWEMOJI,
            EmojiSet.STREAMLINE);
    assertThat(things.drawings(fox, EmojiSet.NOTO)).containsExactly("fox");
    assertThat(things.drawings(fox, EmojiSet.NOTO_V1)).containsExactly("fox-face");
    assertThat(things.drawings(fox, EmojiSet.TWEMOJI)).containsExactly("vixen");
    assertThat(things.drawings(fox, EmojiSet.FXEMOJI)).containsExactly("foxface");
    assertThat(things.drawings(fox, EmojiSet.STREAMLINE))
        .containsExactly("fox-face-1", "fox-face-2");
    assertThat(fox.keywords()).containsExactly("animal");
  }

  @Test
  void codePointsAreComparedWithoutVariationSelectors() {
    assertThat(Things.code("1F441-FE0F-200D-1F5E8-FE0F")).isEqualTo("1f441-200d-1f5e8");
    Things things = Things.read(names, images, collections, false);
    Thing snowflake =
        new Thing(
            "2744", "snowflake", List.of("a snowflake"), List.of(), List.of(EmojiSet.FLUENT_3D));
    assertThat(things.drawings(snowflake, EmojiSet.FLUENT_3D)).containsExactly("2744-fe0f");
  }

  @Test
  void aDrawingBecomesASpriteInBlackInkAndAFailureIsCounted() throws IOException {
    collections.put(
        EmojiSet.EMOJIONE_MONOTONE,
        icons(
            "x",
            "{\"icons\": {\"a\": {\"body\": \"" + SQUARE + "\"}, \"empty\": {\"body\": \"\"}}}",
            ""));
    ArtLibrary library = new ArtLibrary(collections, images, 64);
    assertThat(library.sprite(EmojiSet.EMOJIONE_MONOTONE, "a"))
        .isNotNull()
        .satisfies(sprite -> assertThat(sprite.width()).isEqualTo(48));
    assertThat(library.sprite(EmojiSet.EMOJIONE_MONOTONE, "empty")).isNull();
    assertThat(library.sprite(EmojiSet.EMOJIONE_MONOTONE, "gone")).isNull();
    assertThat(library.failures())
        .containsOnlyKeys("emojione-monotone/empty", "emojione-monotone/gone");
    assertThat(library.failures().get("emojione-monotone/empty")).contains("empty");
  }

  @Test
  void anArchiveInTheCacheIsUnpackedWithoutNpmAndStaysInItsDirectory() throws IOException {
    Path cache = Files.createDirectories(directory.resolve("cache"));
    try (OutputStream out =
        new GZIPOutputStream(Files.newOutputStream(cache.resolve("emojibase-data-17.0.0.tgz")))) {
      for (String name :
          List.of("package/package.json", "package/en/data.json", "package/../../escaped.txt")) {
        out.write(tarEntry(name, "{}"));
      }
      out.write(new byte[1024]);
    }
    NpmPackages packages = new NpmPackages(cache, "no-such-npm");
    Path unpacked = packages.directory(EmojiSet.NAMES);
    assertThat(unpacked.resolve("en/data.json")).exists();
    try (var files = Files.walk(directory)) {
      assertThat(files.map(p -> p.getFileName().toString()).collect(Collectors.toSet()))
          .doesNotContain("escaped.txt");
    }
  }

  @Test
  void aMissingNpmIsSaidPlainly() {
    NpmPackages packages = new NpmPackages(directory.resolve("cache"), "no-such-npm");
    assertThatThrownBy(() -> packages.directory(EmojiSet.NOTO))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("Install Node.js")
        .hasMessageContaining("iconify-json-noto-1.2.9.tgz");
  }

  @Test
  void theAttributionNamesEverySetAndTravelsInTheJar() throws IOException {
    try (var in = ThingsTest.class.getResourceAsStream("/META-INF/ATTRIBUTION.md")) {
      assertThat(in).isNotNull();
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      assertThat(text).isEqualTo(Files.readString(Path.of("ATTRIBUTION.md")));
      for (EmojiSet set : EmojiSet.values()) {
        assertThat(text).contains("`" + set.packageName() + "` " + set.version());
      }
    }
  }

  /** One file in the old tar format: a header of 512 bytes, then the content in blocks of 512. */
  private static byte[] tarEntry(String name, String content) {
    byte[] block = new byte[1024];
    put(block, 0, name);
    put(block, 100, "0000644");
    put(block, 124, String.format("%011o", content.length()));
    put(block, 136, "00000000000");
    put(block, 148, "        ");
    block[156] = '0';
    int sum = 0;
    for (int i = 0; i < 512; i++) {
      sum += block[i];
    }
    put(block, 148, String.format("%06o", sum));
    block[154] = 0;
    put(block, 512, content);
    return block;
  }

  private static void put(byte[] block, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, block, at, bytes.length);
  }

  private void collection(EmojiSet set, String icons, String aliases, String codes)
      throws IOException {
    String bodies =
        List.of(icons.split(",")).stream()
            .map(name -> "\"" + name + "\": {\"body\": \"" + SQUARE + "\"}")
            .collect(Collectors.joining(","));
    collections.put(
        set,
        icons(
            set.id(),
            "{\"icons\": {"
                + bodies
                + "}, \"aliases\": "
                + (aliases.isEmpty() ? "{}" : aliases)
                + "}",
            codes));
  }

  private IconSet icons(String name, String json, String codes) throws IOException {
    Path folder = directory.resolve(name);
    write(folder.resolve("icons.json"), json);
    if (!codes.isEmpty()) {
      write(folder.resolve("chars.json"), codes);
    }
    return IconSet.read(folder);
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
