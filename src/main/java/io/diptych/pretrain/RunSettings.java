package io.diptych.pretrain;

import io.diptych.engine.judge.JudgeArchitecture;
import io.diptych.engine.switti.SwittiArchitecture;
import io.diptych.engine.vqvae.VqvaeArchitecture;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a run trains and how: model, seed, sizes and recipe, as in {@code run.json}. The defaults of
 * each model are resources that {@code tools/pretrain.py} reads too.
 */
final class RunSettings {

  static final JsonMapper JSON = JsonMapper.builder().build();

  private final ObjectNode tree;

  private RunSettings(ObjectNode tree) {
    this.tree = tree;
  }

  /** The defaults of a model: {@code vqvae}, {@code switti} or {@code judge}. */
  static RunSettings defaults(String model) {
    String resource = "/pretrain/" + model + ".json";
    try (InputStream in = RunSettings.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new PretrainException("The resource " + resource + " is missing from the jar.");
      }
      return parse(new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new PretrainException("Cannot read the resource " + resource + ".", e);
    }
  }

  /**
   * Settings of a run, completed by those that came later than it: of the recipe by their defaults,
   * of the architecture by 0, which is for parts that the run's model does not have.
   */
  static RunSettings completed(String json) {
    RunSettings settings = parse(json);
    RunSettings defaults = defaults(settings.model());
    ObjectNode architecture = part(settings.tree, "architecture");
    for (String name : part(defaults.tree, "architecture").propertyNames()) {
      if (!architecture.has(name)) {
        architecture.put(name, 0);
      }
    }
    ObjectNode recipe = part(settings.tree, "recipe");
    defaults
        .recipe()
        .forEachEntry(
            (name, value) -> {
              if (!recipe.has(name)) {
                recipe.set(name, value);
              }
            });
    return settings;
  }

  static RunSettings parse(String json) {
    try {
      return new RunSettings((ObjectNode) JSON.readTree(json));
    } catch (JacksonException | ClassCastException e) {
      throw new PretrainException(
          "run.json is damaged: " + e.getMessage() + ". Correct it, or start a new run.", e);
    }
  }

  /**
   * Changes settings.
   *
   * @param changes {@code NAME=VALUE}, with a JSON value
   */
  RunSettings with(List<String> changes) {
    ObjectNode changed = tree.deepCopy();
    for (String change : changes) {
      int split = change.indexOf('=');
      String name = split < 0 ? change : change.substring(0, split);
      ObjectNode part =
          name.equals("seed")
              ? changed
              : part(changed, "recipe").has(name)
                  ? part(changed, "recipe")
                  : part(changed, "architecture");
      if (split < 0 || !part.has(name)) {
        throw new PretrainException(
            "There is no setting " + change + ". Settings are NAME=VALUE with names of run.json.");
      }
      try {
        part.set(name, JSON.readTree(change.substring(split + 1)));
      } catch (JacksonException e) {
        throw new PretrainException("The value in " + change + " is not JSON.", e);
      }
    }
    return new RunSettings(changed);
  }

  private static ObjectNode part(ObjectNode tree, String name) {
    if (tree.get(name) instanceof ObjectNode part) {
      return part;
    }
    throw new PretrainException("run.json has no " + name + ". Start a new run.");
  }

  String model() {
    return tree.path("model").asString();
  }

  long seed() {
    return tree.path("seed").asLong();
  }

  JsonNode recipe() {
    return tree.path("recipe");
  }

  double real(String name) {
    return recipe().path(name).asDouble();
  }

  int integer(String name) {
    return recipe().path(name).asInt();
  }

  boolean flag(String name) {
    return recipe().path(name).asBoolean();
  }

  VqvaeArchitecture vqvae() {
    JsonNode a = tree.path("architecture");
    return new VqvaeArchitecture(
        a.path("channels").asInt(),
        integers(a.path("channelMultipliers")),
        a.path("residualBlocks").asInt(),
        a.path("latentChannels").asInt(),
        a.path("codes").asInt(),
        integers(a.path("sides")),
        a.path("grain").asInt(),
        a.path("drawnLevels").asInt());
  }

  SwittiArchitecture switti() {
    JsonNode a = tree.path("architecture");
    return new SwittiArchitecture(
        a.path("depth").asInt(),
        a.path("width").asInt(),
        a.path("heads").asInt(),
        a.path("textWidth").asInt(),
        a.path("pooledWidth").asInt(),
        a.path("latentChannels").asInt(),
        a.path("codes").asInt(),
        integers(a.path("sides")),
        a.path("ropeTheta").asDouble(),
        a.path("ropeSize").asDouble(),
        a.path("causal").asBoolean(),
        false); // every picture is whole: there is nothing to learn of crops
  }

  JudgeArchitecture judge() {
    JsonNode a = tree.path("architecture");
    return new JudgeArchitecture(integers(a.path("widths")), a.path("classes").asInt());
  }

  private static List<Integer> integers(JsonNode list) {
    List<Integer> values = new ArrayList<>();
    list.forEach(value -> values.add(value.asInt()));
    return values;
  }

  String json() {
    return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(tree) + "\n";
  }
}
