package io.diptych.engine.weights;

import io.diptych.engine.EngineException;
import io.diptych.engine.weights.ModelManifest.ModelFile;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A model where it lies: its manifest, and its files wherever the manifest says they come from.
 * Files of a hub repository are looked for in local folders first (as {@code OWNER/NAME/FILE} or in
 * the hub's own cache layout), then in the cache, then downloaded if a hub is configured.
 */
public final class ModelSource {

  private static final String MANIFEST = "model.json";
  private static final String CLASSPATH = "classpath:";
  private static final String HUB = "hub:";
  private static final String ONNX = ".onnx";
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]+");

  private final String location;
  private final Settings settings;
  private final ModelManifest manifest;

  private ModelSource(String location, Settings settings) {
    this.location = location;
    this.settings = settings;
    FoundFile found = find(new ModelFile(MANIFEST, null, null, null));
    this.manifest = ModelManifest.read(found.toArray(), found.name());
  }

  /** When the digests of files are checked. */
  public enum Verification {
    /** On every load. */
    ALWAYS,
    /**
     * On the first load of a file, and again when its size or modification time changes. Files on
     * the class path are small and checked always.
     */
    ONCE,
    /** Never: for files that something else checks. */
    NEVER
  }

  /**
   * Where files may come from.
   *
   * @param folders folders with hub repositories, mounted or filled by hand
   * @param cache folder for downloads and for what was verified; made when needed
   * @param hub base address of the hub, for example {@code https://huggingface.co}; null: nothing
   *     is ever downloaded
   * @param verification when digests are checked
   */
  public record Settings(
      List<Path> folders, Path cache, @Nullable URI hub, Verification verification) {

    public Settings {
      folders = List.copyOf(folders);
    }

    /** No downloads, digests checked once. */
    public static Settings offline(Path cache) {
      return new Settings(List.of(), cache, null, Verification.ONCE);
    }
  }

  /**
   * Finds a model and reads its manifest.
   *
   * @param location {@code classpath:/models/pocket/} or a folder, which holds {@code model.json}
   * @throws EngineException of kind {@code MODEL_UNAVAILABLE} when there is none, or it is invalid
   */
  public static ModelSource open(String location, Settings settings) {
    return new ModelSource(location.endsWith("/") ? location : location + "/", settings);
  }

  public ModelManifest manifest() {
    return manifest;
  }

  /**
   * Finds all files of the model and checks them, so that nobody has to wait for downloads later.
   *
   * @throws EngineException of kind {@code MODEL_UNAVAILABLE} naming what is missing or damaged
   */
  public void fetch() {
    find(manifest.files().values().stream().flatMap(List::stream).toList());
  }

  /**
   * Opens the weights of a component: its {@code .onnx} file, or all of its {@code .safetensors}
   * files together.
   *
   * @throws EngineException of kind {@code MODEL_UNAVAILABLE} naming files that are missing, with
   *     the places that were searched, or that are damaged
   */
  public TensorFile weights(String component) {
    List<FoundFile> files =
        find(
            manifest.files(component).stream()
                .filter(f -> f.path().endsWith(".safetensors") || f.path().endsWith(ONNX))
                .toList());
    if (files.isEmpty()) {
      throw unavailable(manifest.name() + " lists no weights for " + component + ".", null);
    }
    if (files.size() == 1 && files.get(0).name().endsWith(ONNX)) {
      return OnnxFile.read(files.get(0).bytes(), files.get(0).name());
    }
    List<Safetensors> parts = new ArrayList<>();
    try {
      files.forEach(file -> parts.add(file.openSafetensors()));
      return Safetensors.merge(parts);
    } catch (RuntimeException e) {
      parts.forEach(Safetensors::close);
      throw e;
    }
  }

  /**
   * A whole file of a component, mapped where possible.
   *
   * @param ending how the file's path ends, for example {@code tokenizer.json}
   * @return a read-only direct buffer
   */
  public ByteBuffer file(String component, String ending) {
    ModelFile file =
        manifest.files(component).stream()
            .filter(f -> f.path().endsWith(ending))
            .findFirst()
            .orElseThrow(
                () ->
                    unavailable(
                        manifest.name() + " lists no " + ending + " for " + component + ".", null));
    return find(file).bytes();
  }

  /**
   * A whole file of the class path.
   *
   * @param resource absolute name
   * @return a read-only direct buffer
   * @throws EngineException of kind {@code MODEL_UNAVAILABLE} when there is none
   */
  public static ByteBuffer classpathFile(String resource) {
    return FoundFile.onClassPath(resource).bytes();
  }

  /** Finds all of them, or says of all that are missing or damaged that they are. */
  private List<FoundFile> find(List<ModelFile> files) {
    List<FoundFile> found = new ArrayList<>();
    Problems problems = new Problems();
    for (ModelFile file : files) {
      try {
        found.add(find(file));
      } catch (EngineException e) {
        problems.add(String.valueOf(e.getMessage()));
      }
    }
    problems.throwIfAny(manifest.name() + " is not complete:");
    return found;
  }

  private FoundFile find(ModelFile file) {
    String from = file.from() == null ? location : file.from();
    FoundFile found;
    if (from.startsWith(CLASSPATH)) {
      String folder = from.substring(CLASSPATH.length());
      found = FoundFile.onClassPath(folder + (folder.endsWith("/") ? "" : "/") + file.path());
    } else if (from.startsWith(HUB)) {
      found = findHubFile(from.substring(HUB.length()), file);
    } else {
      Path path = Path.of(from).resolve(file.path());
      if (!Files.isRegularFile(path)) {
        throw unavailable("There is no file " + path + ".", null);
      }
      found = FoundFile.onDisk(path);
    }
    verify(file, found);
    return found;
  }

  private FoundFile findHubFile(String repositoryAndRevision, ModelFile file) {
    String repository = repositoryAndRevision.substring(0, repositoryAndRevision.indexOf('@'));
    String revision = repositoryAndRevision.substring(repositoryAndRevision.indexOf('@') + 1);
    List<Path> searched = new ArrayList<>();
    List<Path> folders = new ArrayList<>(settings.folders());
    if (!location.startsWith(CLASSPATH)) {
      folders.add(0, Path.of(location));
    }
    for (Path folder : folders) {
      searched.add(folder.resolve(repository).resolve(file.path()));
      for (Path snapshot : snapshots(hubCache(folder, repository), revision)) {
        searched.add(snapshot.resolve(file.path()));
      }
    }
    Path cached =
        settings.cache().resolve("hub").resolve(repository).resolve(revision).resolve(file.path());
    searched.add(cached);
    for (Path path : searched) {
      if (Files.isRegularFile(path)) {
        return FoundFile.onDisk(path);
      }
    }
    List<Path> others =
        folders.stream()
            .flatMap(folder -> allSnapshots(hubCache(folder, repository)).stream())
            .map(snapshot -> snapshot.resolve(file.path()))
            .filter(Files::isRegularFile)
            .toList();
    for (Path other : others) {
      FoundFile found = FoundFile.onDisk(other);
      if (file.sha256() != null && digest(found, file.sha256()).equals(file.sha256())) {
        return found;
      }
    }
    if (settings.hub() == null) {
      throw unavailable(
          "The file "
              + file.path()
              + " of "
              + repository
              + " is in none of "
              + searched
              + ", and no hub is configured to download it from."
              + (others.isEmpty()
                  ? ""
                  : " Other revisions have it in "
                      + others
                      + ", but are taken only where the manifest has its sha256 and theirs is the same."),
          null);
    }
    URI address =
        URI.create(
            settings.hub().toString().replaceAll("/+$", "")
                + "/"
                + repository
                + "/resolve/"
                + revision
                + "/"
                + file.path());
    new HubDownload(address, cached, file.sha256(), file.bytes()).run();
    return FoundFile.onDisk(cached);
  }

  private static Path hubCache(Path folder, String repository) {
    return folder.resolve("models--" + repository.replace("/", "--"));
  }

  /** Where a revision may lie in the hub's own cache: a commit by its name, a branch by its ref. */
  private static List<Path> snapshots(Path hubCache, String revision) {
    List<Path> places = new ArrayList<>();
    places.add(hubCache.resolve("snapshots").resolve(revision));
    Path ref = hubCache.resolve("refs").resolve(revision);
    if (Files.isRegularFile(ref)) {
      try {
        String commit = Files.readString(ref).strip();
        if (COMMIT.matcher(commit).matches()) {
          places.add(hubCache.resolve("snapshots").resolve(commit));
        }
      } catch (IOException e) {
        throw unavailable("Cannot read " + ref + ".", e);
      }
    }
    return places;
  }

  private static List<Path> allSnapshots(Path hubCache) {
    Path snapshots = hubCache.resolve("snapshots");
    if (!Files.isDirectory(snapshots)) {
      return List.of();
    }
    try (Stream<Path> revisions = Files.list(snapshots)) {
      return revisions.sorted().toList();
    } catch (IOException e) {
      throw unavailable("Cannot list " + snapshots + ".", e);
    }
  }

  private void verify(ModelFile file, FoundFile found) {
    if (file.sha256() == null || settings.verification() == Verification.NEVER) {
      return;
    }
    String digest = digest(found, file.sha256());
    if (!digest.equals(file.sha256())) {
      throw unavailable(
          found.name()
              + " is damaged or another version: its SHA-256 is "
              + digest
              + " instead of "
              + file.sha256()
              + ". Fetch it again.",
          null);
    }
  }

  /** The SHA-256 of a file, which a receipt may already say to be the expected one. */
  private String digest(FoundFile found, String expected) {
    try {
      Path path = found.path();
      Path receipt =
          path != null && settings.verification() == Verification.ONCE
              ? receipt(path, expected)
              : null;
      if (receipt != null && Files.exists(receipt)) {
        return expected;
      }
      String digest = found.sha256();
      if (receipt != null && digest.equals(expected)) {
        writeReceipt(receipt);
      }
      return digest;
    } catch (IOException e) {
      throw unavailable("Cannot verify " + found.name() + ": " + e.getMessage() + ".", e);
    }
  }

  /** A file whose existence says that another file, as it is now, has that digest. */
  private Path receipt(Path path, String sha256) throws IOException {
    String state =
        String.join(
            "\n",
            path.toRealPath().toString(),
            Long.toString(Files.size(path)),
            Files.getLastModifiedTime(path).toString(),
            sha256);
    return settings
        .cache()
        .resolve("verified")
        .resolve(Digests.sha256(state.getBytes(StandardCharsets.UTF_8)));
  }

  /** Without a writable cache the digest is simply computed again next time. */
  private static void writeReceipt(Path receipt) {
    try {
      Files.createDirectories(receipt.getParent());
      Files.write(receipt, new byte[0]);
    } catch (IOException e) {
      return;
    }
  }

  static EngineException unavailable(String message, @Nullable Exception cause) {
    return new EngineException(EngineException.Kind.MODEL_UNAVAILABLE, message, cause);
  }
}
