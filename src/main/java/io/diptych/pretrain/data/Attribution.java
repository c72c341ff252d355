package io.diptych.pretrain.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.databind.JsonNode;

/** Who drew the sets and under which licence, from the packages' own records. */
final class Attribution {

  /** What is owed to the makers of one package; URLs lead to their work and to the licence text. */
  record Credit(
      String title,
      String packageName,
      String version,
      String author,
      String source,
      String licence,
      String licenceUrl) {}

  private Attribution() {}

  static Credit credit(EmojiSet set, Path directory) {
    JsonNode about = Json.read(directory.resolve("package.json"));
    if (set.kind() == EmojiSet.Kind.ICONIFY) {
      JsonNode info = Json.read(directory.resolve("info.json"));
      return new Credit(
          info.path("name").asString(),
          set.packageName(),
          set.version(),
          info.path("author").path("name").asString(),
          info.path("author").path("url").asString(),
          info.path("license").path("spdx").asString(),
          info.path("license").path("url").asString());
    }
    JsonNode author = about.path("author");
    String name = author.isString() ? author.asString() : author.path("name").asString();
    String source =
        about
            .path("repository")
            .path("url")
            .asString()
            .replaceFirst("^git\\+", "")
            .replaceFirst("\\.git$", "")
            .replaceFirst("^git@([^:]+):", "https://$1/");
    return new Credit(
        set == EmojiSet.FLUENT_3D ? "Fluent Emoji 3D" : "Emojibase (names and keywords)",
        set.packageName(),
        set.version(),
        // The package repacks Microsoft's drawings; its own record names the packer only.
        (set == EmojiSet.FLUENT_3D ? "Microsoft Corporation; packed by " : "")
            + name.replaceFirst("\\s*<.*", ""),
        source,
        about.path("license").asString(),
        "https://spdx.org/licenses/" + about.path("license").asString() + ".html");
  }

  static void write(Path file, NpmPackages packages) {
    StringBuilder text = new StringBuilder(HEAD);
    for (EmojiSet set : EmojiSet.values()) {
      Credit credit = credit(set, packages.directory(set));
      text.append(
          "| "
              + credit.title()
              + " | ["
              + credit.author()
              + "]("
              + credit.source()
              + ") | ["
              + credit.licence()
              + "]("
              + credit.licenceUrl()
              + ") | `"
              + credit.packageName()
              + "` "
              + credit.version()
              + " |\n");
    }
    text.append(TAIL);
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new DatasetException("Cannot write " + file + ": " + e.getMessage() + ".", e);
    }
  }

  private static final String HEAD =
      """
      # Attribution

      The weights of the pocket backbone and of the judges were learned from pictures that Diptych's `dataset` command makes from
      the emoji sets below. The sets themselves are not part of the repository or of the jar; a few of their drawings, repainted
      and placed before drawn backdrops, appear in sample sheets under `docs/` and in the pictures under `examples/`.

      | set | author | licence | package |
      |---|---|---|---|
      """;

  private static final String TAIL =
      """

      Changes made to the drawings: rendered to pixels, scaled, cut to their visible box, placed before drawn backdrops, and
      repainted by the style filters that `docs/data.md` lists.

      This file is written by `dataset --attribution ATTRIBUTION.md` from the packages' own records.
      """;
}
