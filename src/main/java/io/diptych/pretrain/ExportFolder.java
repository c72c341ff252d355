package io.diptych.pretrain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * The folder of a shipped model. An export is written beside it and moves in once it is whole;
 * until then the old model stays, and whatever else lies here always does.
 */
final class ExportFolder {

  private static final List<String> COMPONENTS = List.of("vqvae", "switti");

  private final Path folder;
  private final String manifest;

  /**
   * @param manifest name of the file that names the others, which is moved last
   * @throws PretrainException when the folder is one of a run or of a data set
   */
  ExportFolder(Path folder, String manifest) {
    this.folder = folder.toAbsolutePath().normalize();
    this.manifest = manifest;
    for (String work : List.of("run.json", "checkpoint.safetensors", "dataset.json")) {
      if (Files.exists(folder.resolve(work))) {
        throw new PretrainException(
            folder + " holds " + work + ", so it is no place for a shipped model. Name another.");
      }
    }
  }

  /** Writes all files of a model into a folder. */
  interface Writing {
    void into(Path folder) throws IOException;
  }

  /**
   * Replaces the model of this folder.
   *
   * @return bytes of the new files
   * @throws IOException when a file cannot be written; before the first move nothing has changed
   */
  long replace(Writing writing) throws IOException {
    Files.createDirectories(folder.getParent());
    Path part = Files.createTempDirectory(folder.getParent(), folder.getFileName() + ".part");
    try {
      writing.into(part);
      List<Path> written = new ArrayList<>(filesIn(part));
      // While the old manifest is here, so are the files that it names, or digests that differ.
      written.sort((a, b) -> Boolean.compare(isManifest(a), isManifest(b)));
      List<Path> stale = namedByManifest();
      Files.createDirectories(folder);
      long bytes = 0;
      for (Path file : written) {
        Path to = folder.resolve(file.getFileName());
        bytes += Files.size(file);
        Files.move(file, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        stale.remove(to);
      }
      for (Path file : stale) {
        Files.deleteIfExists(file);
      }
      return bytes;
    } finally {
      for (Path file : filesIn(part)) {
        Files.delete(file);
      }
      Files.delete(part);
    }
  }

  private boolean isManifest(Path file) {
    return file.endsWith(manifest);
  }

  private static List<Path> filesIn(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  /** Weights that an earlier export wrote here. */
  private List<Path> namedByManifest() throws IOException {
    List<Path> named = new ArrayList<>();
    Path file = folder.resolve(manifest);
    if (!Files.exists(file)) {
      return named;
    }
    JsonNode files;
    try {
      files = RunSettings.JSON.readTree(Files.readString(file)).path("files");
    } catch (JacksonException e) {
      return named; // damaged, it names nothing
    }
    for (String component : COMPONENTS) {
      Pattern weights = Pattern.compile(component + "(-\\d{5}-of-\\d{5})?\\.safetensors");
      for (JsonNode entry : files.path(component)) {
        String name = entry.path("path").asString("");
        if (!entry.has("from") && weights.matcher(name).matches()) {
          named.add(folder.resolve(name));
        }
      }
      if (files.path(component).size() > 1) {
        named.add(folder.resolve(component + ".safetensors.index.json"));
      }
    }
    return named;
  }
}
