package io.diptych.model;

import io.diptych.engine.Backbone;
import io.diptych.engine.EngineException;
import io.diptych.engine.backbone.SwittiBackbone;
import io.diptych.engine.csd.SubConcepts;
import io.diptych.engine.weights.ModelManifest;
import io.diptych.engine.weights.ModelSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The models of this process. Manifests are read at the start, weights when a lane first needs
 * them. Safe for use by several threads.
 */
public final class Models implements AutoCloseable {

  private final SortedMap<String, ModelSource> sources = new TreeMap<>();
  private final String standard;
  private final SubConcepts subConcepts;
  private final Map<String, Backbone> loaded = new TreeMap<>();

  /**
   * Reads the manifests.
   *
   * @throws EngineException of kind {@code MODEL_UNAVAILABLE} when one is missing or invalid
   */
  Models(ModelSettings settings, SubConcepts subConcepts) {
    ModelSource.Settings where =
        new ModelSource.Settings(
            settings.folders(), settings.cache(), settings.hub(), settings.verification());
    settings
        .locations()
        .forEach((name, location) -> sources.put(name, ModelSource.open(location, where)));
    this.standard = settings.standard();
    this.subConcepts = subConcepts;
  }

  /** Names of the models, sorted. */
  public List<String> names() {
    return new ArrayList<>(sources.keySet());
  }

  /** The model of requests that name none. */
  public String standard() {
    return standard;
  }

  /**
   * What a model is; reads no weights.
   *
   * @param name null for the standard one
   * @throws EngineException of kind {@code INVALID_OPTIONS} when there is no such model
   */
  public ModelManifest manifest(@Nullable String name) {
    return source(name).manifest();
  }

  /**
   * A model on a device, loaded by the first caller; others wait for it.
   *
   * @param name null for the standard one
   * @param device {@code cpu}, {@code gpu0}, ...
   * @throws EngineException of kind {@code MODEL_UNAVAILABLE} when it cannot be loaded; the next
   *     call tries again
   */
  public synchronized Backbone backbone(@Nullable String name, String device) {
    String key = device + " " + (name == null ? standard : name);
    Backbone backbone = loaded.get(key);
    if (backbone == null) {
      backbone = SwittiBackbone.load(source(name), device, subConcepts);
      loaded.put(key, backbone);
    }
    return backbone;
  }

  /** Whether a model is loaded on a device. */
  public synchronized boolean isLoaded(String name, String device) {
    return loaded.containsKey(device + " " + name);
  }

  private ModelSource source(@Nullable String name) {
    ModelSource source = sources.get(name == null ? standard : name);
    if (source == null) {
      throw new EngineException(
          EngineException.Kind.INVALID_OPTIONS,
          "There is no model '" + name + "'. Known are " + String.join(", ", names()) + ".");
    }
    return source;
  }

  @Override
  public synchronized void close() {
    loaded.values().forEach(Backbone::close);
    loaded.clear();
  }
}
