package io.diptych.model;

import io.diptych.engine.Backbone;
import io.diptych.engine.EngineException;
import io.diptych.engine.backbone.SwittiBackbone;
import io.diptych.engine.csd.SubConcepts;
import io.diptych.engine.weights.ModelManifest;
import io.diptych.engine.weights.ModelSource;
import io.diptych.job.LaneCapacity;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The models of this process. Manifests are read at the start, weights when a lane first needs
 * them. Safe for use by several threads.
 */
public final class Models implements AutoCloseable {

  private final SortedMap<String, ModelSource> sources = new TreeMap<>();
  private final String standard;
  private final SubConcepts subConcepts;
  private final Map<Place, CompletableFuture<Backbone>> backbones = new ConcurrentHashMap<>();

  /** A model on a device. */
  private record Place(String model, String device) {}

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

  /** Digests of all models, loaded or not: what jobs may ask for here. */
  public Set<String> digests() {
    return sources.values().stream()
        .map(source -> source.manifest().digest())
        .collect(Collectors.toUnmodifiableSet());
  }

  /** The name under which a model of this digest is served. */
  public Optional<String> nameOf(String digest) {
    return sources.entrySet().stream()
        .filter(entry -> entry.getValue().manifest().digest().equals(digest))
        .map(Map.Entry::getKey)
        .findFirst();
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
   * A model on a device, loaded by the first caller; others wait for it, and one of them loads it
   * if the first is interrupted.
   *
   * @param name null for the standard one
   * @param device {@code cpu}, {@code gpu0}, ...
   * @throws EngineException of kind {@code MODEL_UNAVAILABLE} when it cannot be loaded; the next
   *     call tries again
   */
  public Backbone backbone(@Nullable String name, String device) {
    ModelSource source = source(name);
    Place place = place(name, device);
    CompletableFuture<Backbone> own = new CompletableFuture<>();
    CompletableFuture<Backbone> known = backbones.putIfAbsent(place, own);
    if (known != null) {
      try {
        return await(known);
      } catch (CancellationException e) {
        return backbone(name, device);
      }
    }
    try {
      own.complete(SwittiBackbone.load(source, place.device(), subConcepts));
    } catch (RuntimeException | Error e) {
      // Out of the map first: whoever is told of the failure may try again at once.
      backbones.remove(place, own);
      if (Thread.currentThread().isInterrupted()) {
        own.cancel(false); // says nothing of the model to those who wait
      } else {
        own.completeExceptionally(e);
      }
      throw e;
    }
    return own.join();
  }

  /**
   * Brings the files of a model here without loading it.
   *
   * @param name null for the standard one
   * @throws EngineException of kind {@code MODEL_UNAVAILABLE} when files are missing or damaged
   */
  public void fetch(@Nullable String name) {
    source(name).fetch();
  }

  private static Backbone await(CompletableFuture<Backbone> loading) {
    try {
      return loading.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof EngineException engine) {
        throw engine;
      }
      throw e;
    }
  }

  /**
   * The model that a job was planned for, by whatever name it is served now, as {@link #backbone}
   * gives it.
   *
   * @param name what the job calls it
   * @throws EngineException of kind {@code MODEL_UNAVAILABLE} also when there is none of this
   *     digest
   */
  public Backbone planned(String name, String digest, String device) {
    return backbone(
        nameOf(digest)
            .orElseThrow(
                () ->
                    new EngineException(
                        EngineException.Kind.MODEL_UNAVAILABLE,
                        "The worker does not have the model "
                            + name
                            + " of this digest any more. Send the request again.")),
        device);
  }

  /**
   * What a lane on a device can run: any model of this process, once the standard one is there;
   * others are loaded on demand. Never waits.
   */
  public LaneCapacity capacity(String device) {
    return isLoaded(null, device)
        ? new LaneCapacity(true, digests(), Long.MAX_VALUE)
        : LaneCapacity.UNABLE;
  }

  /** Whether the device still computes, as far as a model that is loaded there can tell. */
  public boolean responds(String device) {
    return backbones.entrySet().stream()
        .filter(entry -> entry.getKey().device().equals(device))
        .map(Map.Entry::getValue)
        .filter(Models::isDone)
        .findFirst()
        .map(loaded -> loaded.join().responds())
        .orElse(true);
  }

  /** Whether a model is loaded on a device. Never waits. */
  public boolean isLoaded(@Nullable String name, String device) {
    CompletableFuture<Backbone> backbone = backbones.get(place(name, device));
    return backbone != null && isDone(backbone);
  }

  private static boolean isDone(CompletableFuture<Backbone> backbone) {
    return backbone.isDone() && !backbone.isCompletedExceptionally();
  }

  private Place place(@Nullable String name, String device) {
    return new Place(name == null ? standard : name, device);
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
  public void close() {
    backbones.forEach(
        (place, backbone) -> {
          backbones.remove(place, backbone);
          // Also when it is still being loaded.
          backbone.thenAccept(Backbone::close);
        });
  }
}
