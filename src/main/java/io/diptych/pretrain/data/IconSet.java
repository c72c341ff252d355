package io.diptych.pretrain.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * One icon collection: SVG fragments by name, other names for them, and code points where the
 * collection knows them.
 *
 * @param names every name, aliases included, to the name of the fragment
 * @param codes code points (as in {@link Thing#code()}) to names; empty when the collection has
 *     none
 */
record IconSet(
    Map<String, String> bodies,
    Map<String, double[]> sizes,
    Map<String, String> names,
    Map<String, String> codes) {

  /** Reads {@code icons.json} and {@code chars.json} of an Iconify package. */
  static IconSet read(Path directory) {
    JsonNode icons = Json.read(directory.resolve("icons.json"));
    double width = icons.path("width").asDouble(16);
    double height = icons.path("height").asDouble(16);
    Map<String, String> bodies = new TreeMap<>();
    Map<String, double[]> sizes = new TreeMap<>();
    Map<String, String> names = new TreeMap<>();
    for (Map.Entry<String, JsonNode> icon : icons.path("icons").properties()) {
      JsonNode value = icon.getValue();
      bodies.put(icon.getKey(), value.path("body").asString());
      sizes.put(
          icon.getKey(),
          new double[] {
            value.path("left").asDouble(0),
            value.path("top").asDouble(0),
            value.path("width").asDouble(width),
            value.path("height").asDouble(height)
          });
      names.put(icon.getKey(), icon.getKey());
    }
    for (Map.Entry<String, JsonNode> alias : icons.path("aliases").properties()) {
      // An alias that turns or mirrors its parent is another drawing; the recipe leaves it out.
      if (alias.getValue().size() == 1) {
        names.putIfAbsent(alias.getKey(), alias.getValue().path("parent").asString());
      }
    }
    Map<String, String> codes = new LinkedHashMap<>();
    if (Files.isRegularFile(directory.resolve("chars.json"))) {
      for (Map.Entry<String, JsonNode> code :
          Json.read(directory.resolve("chars.json")).properties()) {
        codes.put(Things.code(code.getKey()), code.getValue().asString());
      }
    }
    return new IconSet(bodies, sizes, names, codes);
  }

  /** A whole SVG document; what takes its colour from the text around it is black. */
  @Nullable String svg(String name) {
    @Nullable String parent = names.get(name);
    @Nullable String body = parent == null ? null : bodies.get(parent);
    if (body == null) {
      return null;
    }
    double[] box = sizes.get(parent);
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" color=\"#000000\" viewBox=\""
        + box[0]
        + " "
        + box[1]
        + " "
        + box[2]
        + " "
        + box[3]
        + "\" width=\""
        + box[2]
        + "\" height=\""
        + box[3]
        + "\">"
        + body.replace("currentColor", "#000000")
        + "</svg>";
  }

  /** Every name, aliases included, in alphabetical order. */
  List<String> allNames() {
    return new ArrayList<>(names.keySet());
  }
}
