package io.diptych.pretrain.data;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The catalogue of things and of the drawings of each.
 *
 * <p>Collections name their icons differently. A drawing belongs to a thing when the collection's
 * code point says so, or when its name, without case and punctuation, is a name of that code point:
 * the current or an older label, an alias of a collection that knows code points, a Unicode
 * character name, or a short code.
 */
final class Things {

  /** A thing needs this many hands to be worth learning. */
  static final int FEWEST_SETS = 4;

  /** Groups of the Unicode emoji list: people, components, symbols, flags. */
  private static final Set<Integer> LEFT_OUT_GROUPS = Set.of(1, 2, 8, 9);

  /**
   * Subgroups: clocks and watches, medals with numbers on them are kept, card suits and lines of
   * traffic are not.
   */
  private static final Set<Integer> LEFT_OUT_SUBGROUPS = Set.of(58);

  /** Signs in all but their group. */
  private static final Set<String> LEFT_OUT_CODES =
      Set.of(
          "1f4af",
          "1f4a2",
          "1f4a4",
          "1f6d1",
          "1f6a7",
          "2668",
          "2660",
          "2665",
          "2666",
          "2663",
          "1f4b9",
          "1f515",
          "1f507",
          "1f642-200d-2194",
          "1f642-200d-2195",
          "1f4f2",
          "1f68f",
          "1f7f0");

  /**
   * Icons whose name is a short code of one thing and that show another: a kissing couple or face
   * is no kiss mark.
   */
  private static final Set<String> FALSE_FRIENDS =
      Set.of(
          "emojione/kiss",
          "emojione-monotone/kiss",
          "fxemoji/kiss",
          "emojione/hole",
          "emojione-monotone/hole");

  private final List<Thing> things;
  private final Map<String, Map<EmojiSet, List<String>>> drawings;

  private Things(List<Thing> things, Map<String, Map<EmojiSet, List<String>>> drawings) {
    this.things = List.copyOf(things);
    this.drawings = drawings;
  }

  List<Thing> all() {
    return things;
  }

  /** Names of a thing's drawings within a set, usually one. */
  List<String> drawings(Thing thing, EmojiSet set) {
    return drawings.getOrDefault(thing.code(), Map.of()).getOrDefault(set, List.of());
  }

  /** {@code 1F573-FE0F} to {@code 1f573}: lower case, no variation selectors. */
  static String code(String hexadecimal) {
    StringBuilder code = new StringBuilder();
    for (String part : hexadecimal.toLowerCase(Locale.ROOT).split("-")) {
      if (!part.equals("fe0f")) {
        code.append(code.isEmpty() ? "" : "-").append(part);
      }
    }
    return code.toString();
  }

  /** Letters and digits only. */
  private static String plain(String name) {
    StringBuilder plain = new StringBuilder();
    name.toLowerCase(Locale.ROOT)
        .replace("&", "and")
        .codePoints()
        .filter(c -> (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
        .forEach(plain::appendCodePoint);
    return plain.toString();
  }

  /**
   * Builds the catalogue.
   *
   * @param curated only the well-known things of the resource {@code pretrain/things.txt}, with the
   *     names given there
   */
  static Things read(Path names, Path images, Map<EmojiSet, IconSet> collections, boolean curated) {
    JsonNode list = Json.read(names.resolve("en/data.json"));
    Map<String, JsonNode> entries = new LinkedHashMap<>();
    for (JsonNode entry : list) {
      String code = code(entry.path("hexcode").asString());
      if (entry.has("group")
          && !LEFT_OUT_GROUPS.contains(entry.path("group").asInt())
          && !LEFT_OUT_SUBGROUPS.contains(entry.path("subgroup").asInt())
          && !LEFT_OUT_CODES.contains(code)) {
        entries.put(code, entry);
      }
    }
    Map<String, String> codeOfName = namesOfCodes(names, entries, collections);
    Set<String> labels = new HashSet<>();
    entries.values().forEach(entry -> labels.add(plain(entry.path("label").asString())));
    Map<String, Map<EmojiSet, List<String>>> drawings = new HashMap<>();
    for (Map.Entry<EmojiSet, IconSet> collection : collections.entrySet()) {
      Map<String, List<String>> found =
          match(collection.getKey(), collection.getValue(), entries.keySet(), labels, codeOfName);
      found.forEach(
          (code, icons) ->
              drawings
                  .computeIfAbsent(code, c -> new EnumMap<>(EmojiSet.class))
                  .put(collection.getKey(), icons));
    }
    imageFiles(images)
        .forEach(
            (code, name) -> {
              if (entries.containsKey(code)) {
                drawings
                    .computeIfAbsent(code, c -> new EnumMap<>(EmojiSet.class))
                    .put(EmojiSet.FLUENT_3D, List.of(name));
              }
            });
    List<Thing> things = new ArrayList<>();
    if (curated) {
      for (Curated line : curated()) {
        @Nullable JsonNode entry = entries.get(line.code());
        if (entry == null) {
          throw new DatasetException(
              "The list of well-known things names "
                  + line.code()
                  + " ("
                  + line.phrases().get(0)
                  + "), which the catalogue does not have. Correct pretrain/things.txt.");
        }
        things.add(
            new Thing(
                line.code(),
                line.name(),
                line.phrases(),
                keywords(entry),
                sets(drawings, line.code())));
      }
    } else {
      for (Map.Entry<String, JsonNode> entry : entries.entrySet()) {
        List<EmojiSet> sets = sets(drawings, entry.getKey());
        if (sets.size() >= FEWEST_SETS) {
          String label = entry.getValue().path("label").asString();
          things.add(
              new Thing(
                  entry.getKey(),
                  label,
                  List.of(Thing.phrase(label)),
                  keywords(entry.getValue()),
                  sets));
        }
      }
    }
    return new Things(things, drawings);
  }

  /** Names of the raster drawings by code point. */
  private static Map<String, String> imageFiles(Path images) {
    Map<String, String> files = new TreeMap<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(images.resolve("assets"), "*.webp")) {
      for (Path file : all) {
        String name = file.getFileName().toString().replace(".webp", "");
        files.put(code(name), name);
      }
    } catch (IOException e) {
      throw new DatasetException(
          "Cannot list the drawings in " + images + ". Delete it and run again to fetch it anew.",
          e);
    }
    return files;
  }

  private static List<EmojiSet> sets(
      Map<String, Map<EmojiSet, List<String>>> drawings, String code) {
    return List.copyOf(drawings.getOrDefault(code, Map.of()).keySet());
  }

  private static List<String> keywords(JsonNode entry) {
    List<String> keywords = new ArrayList<>();
    for (JsonNode tag : entry.path("tags")) {
      if (tag.asString().matches("[a-z][a-z ]{2,14}")) {
        keywords.add(tag.asString());
      }
    }
    return keywords;
  }

  private static Map<String, String> namesOfCodes(
      Path names, Map<String, JsonNode> entries, Map<EmojiSet, IconSet> collections) {
    Map<String, String> codeOfName = new HashMap<>();
    // The order matters: a newer or more official name wins over an older or looser one.
    entries.forEach((code, entry) -> put(codeOfName, entry.path("label").asString(), code));
    for (IconSet icons : collections.values()) {
      icons.codes().forEach((code, name) -> putKnown(codeOfName, name, code, entries.keySet()));
    }
    for (IconSet icons : collections.values()) {
      Map<String, List<String>> aliases = new HashMap<>();
      icons
          .names()
          .forEach(
              (alias, parent) ->
                  aliases.computeIfAbsent(parent, p -> new ArrayList<>()).add(alias));
      icons
          .codes()
          .forEach(
              (code, name) ->
                  aliases
                      .getOrDefault(name, List.of())
                      .forEach(alias -> putKnown(codeOfName, alias, code, entries.keySet())));
    }
    for (String code : entries.keySet()) {
      if (!code.contains("-")) {
        @Nullable String name = Character.getName(Integer.parseInt(code, 16));
        if (name != null) {
          put(codeOfName, name, code);
        }
      }
    }
    for (String file : List.of("cldr", "joypixels", "github", "emojibase", "iamcal")) {
      Path codes = names.resolve("en/shortcodes/" + file + ".json");
      if (Files.isRegularFile(codes)) {
        for (Map.Entry<String, JsonNode> entry : Json.read(codes).properties()) {
          String code = code(entry.getKey());
          if (entry.getValue().isArray()) {
            for (JsonNode name : entry.getValue()) {
              putKnown(codeOfName, name.asString(), code, entries.keySet());
            }
          } else {
            putKnown(codeOfName, entry.getValue().asString(), code, entries.keySet());
          }
        }
      }
    }
    return codeOfName;
  }

  private static void putKnown(
      Map<String, String> codeOfName, String name, String code, Set<String> known) {
    if (known.contains(code)) {
      put(codeOfName, name, code);
    }
  }

  private static void put(Map<String, String> codeOfName, String name, String code) {
    String plain = plain(name);
    if (!plain.isEmpty()) {
      codeOfName.putIfAbsent(plain, code);
    }
  }

  /**
   * Drawings by code point; several where a collection numbers its versions ({@code penguin-1},
   * {@code penguin-2}).
   */
  private static Map<String, List<String>> match(
      EmojiSet set,
      IconSet icons,
      Set<String> known,
      Set<String> labels,
      Map<String, String> codeOfName) {
    Map<String, List<String>> found = new LinkedHashMap<>();
    Set<String> taken = new HashSet<>();
    icons
        .codes()
        .forEach(
            (code, name) -> {
              if (known.contains(code) && icons.names().containsKey(name)) {
                found.put(code, new ArrayList<>(List.of(name)));
                taken.add(name);
              }
            });
    Set<String> byCode = new HashSet<>(found.keySet());
    // The thing's own label first: a looser name must not take its place.
    List<Predicate<String>> passes =
        List.of(
            name -> name.equals(icons.names().get(name)) && labels.contains(plain(name)),
            name -> name.equals(icons.names().get(name)),
            name -> true);
    for (Predicate<String> pass : passes) {
      for (String name : icons.allNames()) {
        String parent = icons.names().get(name);
        if (taken.contains(parent)
            || !pass.test(name)
            || FALSE_FRIENDS.contains(set.id() + "/" + parent)) {
          continue;
        }
        boolean numbered = name.matches(".*-[1-9]");
        @Nullable String code = codeOfName.get(plain(name));
        if (code == null && numbered) {
          code = codeOfName.get(plain(name.substring(0, name.length() - 2)));
        }
        if (code != null && !byCode.contains(code) && (numbered || !found.containsKey(code))) {
          found.computeIfAbsent(code, c -> new ArrayList<>()).add(parent);
          taken.add(parent);
        }
      }
    }
    return found;
  }

  /** One line of the curated list: code point, then noun phrases, the first being the usual one. */
  record Curated(String code, List<String> phrases) {

    String name() {
      return phrases.get(0).replaceFirst("^(a|an|the) ", "");
    }
  }

  /**
   * Reads {@code pretrain/things.txt}: {@code code | phrase, phrase}; lines with # are comments.
   */
  static List<Curated> curated() {
    List<Curated> lines = new ArrayList<>();
    try (InputStream in = Things.class.getResourceAsStream("/pretrain/things.txt")) {
      if (in == null) {
        throw new DatasetException("The resource pretrain/things.txt is missing from the jar.");
      }
      BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (!line.isBlank() && !line.startsWith("#")) {
          String[] parts = line.split("\\|");
          lines.add(
              new Curated(
                  parts[0].strip(),
                  Arrays.stream(parts[1].split(",")).map(String::strip).toList()));
        }
      }
    } catch (IOException e) {
      throw new DatasetException("Cannot read the resource pretrain/things.txt.", e);
    }
    return lines;
  }
}
