package io.diptych.pretrain.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/**
 * Packages fetched by the npm client into a cache directory and unpacked there.
 *
 * <p>The client decides which registry it asks, so a mirror or a private registry works by its
 * usual configuration. A package that is in the cache is not fetched again: the recipe then needs
 * neither npm nor a network.
 */
final class NpmPackages {

  private static final int FETCH_MINUTES = 10;

  private final Path cache;
  private final String npm;

  NpmPackages(Path cache) {
    this(cache, System.getProperty("os.name", "").startsWith("Windows") ? "npm.cmd" : "npm");
  }

  /**
   * @param npm the client's program
   */
  NpmPackages(Path cache, String npm) {
    this.cache = cache.toAbsolutePath();
    this.npm = npm;
  }

  /**
   * Directory of a package's files (where its {@code package.json} lies), fetched first if it is
   * not there.
   *
   * @throws DatasetException when npm is missing or cannot fetch the package
   */
  Path directory(EmojiSet set) {
    Path directory = cache.resolve(set.id() + "-" + set.version());
    try {
      if (!Files.isRegularFile(directory.resolve("package.json"))) {
        Files.createDirectories(cache);
        unpack(fetch(set), directory);
      }
      return directory;
    } catch (IOException e) {
      throw new DatasetException(
          "Cannot keep "
              + set.packageName()
              + " in "
              + cache
              + ": "
              + e.getMessage()
              + ". Check that the directory is writable and the disk is not full, then run again.",
          e);
    }
  }

  private Path fetch(EmojiSet set) throws IOException {
    String wanted = set.packageName() + "@" + set.version();
    Path archive = cache.resolve(archiveName(set));
    if (Files.isRegularFile(archive)) {
      return archive;
    }
    Path inbox = Files.createTempDirectory(cache, "fetch-");
    try {
      Path log = inbox.resolve("npm.log");
      Process process;
      try {
        process =
            new ProcessBuilder(npm, "pack", "--silent", wanted)
                .directory(inbox.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
      } catch (IOException e) {
        throw new DatasetException(
            "The npm client is needed to fetch "
                + wanted
                + " and was not found. Install Node.js (it brings npm), or put "
                + archiveName(set)
                + " into "
                + cache
                + ", then run again.",
            e);
      }
      if (!process.waitFor(FETCH_MINUTES, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw new DatasetException(
            "npm did not deliver "
                + wanted
                + " within "
                + FETCH_MINUTES
                + " minutes. Check the network, then run again.");
      }
      Path fetched = inbox.resolve(archiveName(set));
      if (process.exitValue() != 0 || !Files.isRegularFile(fetched)) {
        throw new DatasetException(
            "npm could not fetch "
                + wanted
                + " (exit "
                + process.exitValue()
                + "): "
                + Files.readString(log, StandardCharsets.UTF_8).strip()
                + ". Check the network and the registry that npm is configured for, then run again.");
      }
      return Files.move(fetched, archive, StandardCopyOption.ATOMIC_MOVE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DatasetException("Interrupted while npm was fetching " + wanted + ".", e);
    } finally {
      delete(inbox);
    }
  }

  /** The file name that {@code npm pack} chooses. */
  private static String archiveName(EmojiSet set) {
    return set.packageName().replace("@", "").replace('/', '-') + "-" + set.version() + ".tgz";
  }

  private void unpack(Path archive, Path directory) throws IOException {
    Path staging = Files.createTempDirectory(cache, "unpack-");
    try (InputStream file = Files.newInputStream(archive);
        TarArchiveInputStream tar = new TarArchiveInputStream(new GZIPInputStream(file))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        // Every path starts with one folder, usually "package".
        String name = entry.getName().substring(entry.getName().indexOf('/') + 1);
        Path target = staging.resolve(name).normalize();
        if (!entry.isFile() || !target.startsWith(staging)) {
          continue;
        }
        Files.createDirectories(target.getParent());
        Files.copy(tar, target);
      }
      delete(directory);
      Files.move(staging, directory, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      delete(staging);
    }
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    List<Path> all;
    try (Stream<Path> walk = Files.walk(directory)) {
      all = walk.sorted(Comparator.reverseOrder()).toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    for (Path path : all) {
      Files.delete(path);
    }
  }
}
