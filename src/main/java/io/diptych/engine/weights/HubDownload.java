package io.diptych.engine.weights;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import io.diptych.engine.EngineException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Redirect;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Downloads one file. What arrived stays in a {@code .part} file when the connection breaks, and
 * the next attempt, also of another process, goes on from there: if the manifest gives a digest, or
 * the hub announces the same one as before, which is kept beside the part. The file itself appears
 * only complete and with the right digest, where either gives one.
 */
final class HubDownload {

  /** Attempts in a row that bring nothing before it gives up. */
  private static final int IDLE_ATTEMPTS = 3;

  private static final Logger LOG = LoggerFactory.getLogger(HubDownload.class);
  private static final int CHUNK_BYTES = 1 << 18;

  /** Progress of smaller files is not worth a line. */
  private static final long LARGE_BYTES = 50L << 20;

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(30);

  /** How long a server may be silent, before its headers and within the body. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d+)-.*");

  /** The hub announces the digest of large files in this header, quoted. */
  private static final String ANNOUNCED_DIGEST = "X-Linked-Etag";

  private static final Pattern QUOTED_SHA256 = Pattern.compile("\"?([0-9a-f]{64})\"?");

  private static final HttpClient CLIENT =
      HttpClient.newBuilder()
          .followRedirects(Redirect.NEVER)
          .connectTimeout(CONNECT_TIMEOUT)
          .build();

  private static final int MAXIMUM_REDIRECTS = 5;

  private final URI address;
  private final Path target;
  private final @Nullable Long bytes;
  private final Duration patience;
  private final @Nullable String sha256;

  /**
   * What the hub announced when the part was begun; kept in a file if the manifest says nothing.
   */
  private @Nullable String digestOfPart;

  /** What the hub announces in its latest answer. */
  private @Nullable String announcedDigest;

  HubDownload(URI address, Path target, @Nullable String sha256, @Nullable Long bytes) {
    this(address, target, sha256, bytes, PATIENCE);
  }

  /**
   * With a patience of its own.
   *
   * @param patience how long the server may send nothing before an attempt is given up
   */
  HubDownload(
      URI address, Path target, @Nullable String sha256, @Nullable Long bytes, Duration patience) {
    this.address = address;
    this.target = target;
    this.sha256 = sha256;
    this.bytes = bytes;
    this.patience = patience;
  }

  /**
   * Blocks until the file is there.
   *
   * @throws EngineException of kind {@code MODEL_UNAVAILABLE}
   */
  void run() {
    Path part = beside(".part");
    Path lock = beside(".lock");
    try {
      Files.createDirectories(target.getParent());
      synchronized (HubDownload.class) { // file locks are held per process, not per thread
        try (FileChannel locked = FileChannel.open(lock, CREATE, WRITE)) {
          locked.lock();
          if (!Files.exists(target)) { // else another process was first
            LOG.info("Downloading {} to {}.", address, target);
            try (FileChannel channel = FileChannel.open(part, CREATE, WRITE)) {
              fetch(channel);
              channel.force(true); // The name must not outlive a power cut that the bytes do not.
            }
            check(part);
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
            Files.deleteIfExists(announcement());
            LOG.info("Downloaded {}, {}.", target, digest() == null ? "unverified" : "verified");
          }
        }
      }
    } catch (IOException e) {
      throw ModelSource.unavailable(
          "Cannot download " + address + ": " + reason(e) + whatIsKept(part), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw ModelSource.unavailable("The download of " + address + " was interrupted.", e);
    }
  }

  private Path beside(String ending) {
    return target.resolveSibling(target.getFileName() + ending);
  }

  /** Where the digest is kept that the hub announced for the part. */
  private Path announcement() {
    return beside(".part.sha256");
  }

  /** What the file's SHA-256 must be in the end; null when nobody says. */
  private @Nullable String digest() {
    return sha256 == null ? digestOfPart : sha256;
  }

  private String whatIsKept(Path part) {
    if (part.toFile().length() == 0) { // nor if there is none
      return ".";
    }
    return digest() == null
        ? ". Neither the manifest nor the hub gives its SHA-256, so trying again starts anew."
        : ". What arrived is kept; try again.";
  }

  private static String reason(IOException e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  private void fetch(FileChannel channel) throws IOException, InterruptedException {
    if (sha256 == null && Files.exists(announcement())) {
      digestOfPart = Files.readString(announcement());
    }
    if (digest() == null) {
      channel.truncate(0); // nothing would tell whether an old part belongs to the same file
    }
    int idle = 0;
    while (true) {
      long before = channel.size();
      try {
        if (attempt(channel)) {
          return;
        }
        idle = channel.size() > before ? 0 : idle + 1;
        if (idle >= IDLE_ATTEMPTS) {
          throw new IOException("the connection ends before the file does");
        }
      } catch (Refused e) {
        throw e;
      } catch (IOException e) {
        idle = channel.size() > before ? 0 : idle + 1;
        if (idle >= IDLE_ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  /** The server said no; asking again would not help. */
  private static final class Refused extends IOException {
    Refused(String message) {
      super(message);
    }
  }

  /** One request; true when the file is complete. */
  private boolean attempt(FileChannel channel) throws IOException, InterruptedException {
    long present = channel.size();
    if (bytes != null && present == bytes) {
      return true;
    }
    HttpResponse<InputStream> response = request(present);
    try (InputStream body = response.body()) {
      switch (response.statusCode()) {
        case 200 -> begin(channel);
        case 206 -> {
          Matcher range =
              CONTENT_RANGE.matcher(response.headers().firstValue("Content-Range").orElse(""));
          if (hasChanged() || !range.matches() || Long.parseLong(range.group(1)) != present) {
            channel.truncate(0);
            return false;
          }
        }
        case 416 -> {
          String range = response.headers().firstValue("Content-Range").orElse("");
          if (!hasChanged() && range.equals("bytes */" + present)) {
            return true; // the part is the whole file
          }
          channel.truncate(0);
          return false;
        }
        default -> {
          if (response.statusCode() >= 500) {
            throw new IOException("the server answers " + response.statusCode());
          }
          throw new Refused("the server answers " + response.statusCode());
        }
      }
      channel.position(channel.size());
      long announced = response.headers().firstValueAsLong("Content-Length").orElse(-1);
      if (bytes != null && announced >= 0 && channel.size() + announced != bytes) {
        throw new Refused(
            "the file has "
                + (channel.size() + announced)
                + " bytes there, but the manifest says "
                + bytes);
      }
      long received = copy(body, channel, Math.max(announced, 0));
      return announced < 0 || received == announced;
    }
  }

  /** Empties the part for the file that the hub has now. */
  private void begin(FileChannel channel) throws IOException {
    channel.truncate(0);
    digestOfPart = announcedDigest;
    if (sha256 == null && announcedDigest != null) {
      Files.writeString(announcement(), announcedDigest);
    } else {
      Files.deleteIfExists(announcement());
    }
  }

  /** Whether the hub has another file now than the one that the part was begun with. */
  private boolean hasChanged() {
    return sha256 == null && !Objects.equals(announcedDigest, digestOfPart);
  }

  private long copy(InputStream body, FileChannel channel, long announced) throws IOException {
    long start = channel.size();
    long received = 0;
    long tenths = 10 * start / Math.max(1, start + announced);
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
    try (ReadableByteChannel in = Channels.newChannel(body)) {
      while (read(in, chunk) >= 0) {
        chunk.flip();
        while (chunk.hasRemaining()) {
          received += channel.write(chunk);
        }
        chunk.clear();
        long done = 10 * (start + received) / Math.max(1, start + announced);
        if (announced >= LARGE_BYTES && done > tenths) {
          tenths = done;
          LOG.info("{}: {} % of {} MB.", address, 10 * done, (start + announced) >> 20);
        }
      }
    }
    return received;
  }

  /** Reads what has arrived; a body that is silent for too long is closed under its reader. */
  private int read(ReadableByteChannel body, ByteBuffer chunk) throws IOException {
    // A request's own time-out ends with the headers.
    CompletableFuture<Void> watch = new CompletableFuture<>();
    watch
        .orTimeout(patience.toNanos(), TimeUnit.NANOSECONDS)
        .exceptionally(
            silence -> {
              close(body);
              return null;
            });
    try {
      return body.read(chunk);
    } catch (IOException e) {
      throw watch.isCompletedExceptionally()
          ? new IOException("the server sent nothing for " + patience.toMillis() + " ms", e)
          : e;
    } finally {
      watch.complete(null);
    }
  }

  private static void close(ReadableByteChannel body) {
    try {
      body.close();
    } catch (IOException e) {
      LOG.debug("A silent connection did not close cleanly.", e);
    }
  }

  private HttpResponse<InputStream> request(long offset) throws IOException, InterruptedException {
    URI at = address;
    announcedDigest = null;
    for (int redirects = 0; redirects <= MAXIMUM_REDIRECTS; redirects++) {
      HttpRequest.Builder request = HttpRequest.newBuilder(at).timeout(patience).GET();
      if (offset > 0) {
        request.header("Range", "bytes=" + offset + "-");
      }
      HttpResponse<InputStream> response =
          CLIENT.send(request.build(), BodyHandlers.ofInputStream());
      // Redirects are followed here because the hub announces the digest on the first of them.
      noteDigest(response);
      Optional<String> location = response.headers().firstValue("Location");
      if (response.statusCode() / 100 != 3 || location.isEmpty()) {
        return response;
      }
      response.body().close();
      URI next = at.resolve(location.get());
      if ("https".equals(at.getScheme()) && !"https".equals(next.getScheme())) {
        throw new Refused("the server redirects from https to " + next.getScheme());
      }
      at = next;
    }
    throw new Refused("the server redirects in a circle");
  }

  private void noteDigest(HttpResponse<?> response) {
    if (announcedDigest == null) {
      response
          .headers()
          .firstValue(ANNOUNCED_DIGEST)
          .map(QUOTED_SHA256::matcher)
          .filter(Matcher::matches)
          .ifPresent(digest -> announcedDigest = digest.group(1));
    }
  }

  private void check(Path part) throws IOException {
    long size = Files.size(part);
    if (bytes != null && size != bytes) {
      Files.delete(part);
      throw new IOException("it has " + size + " bytes instead of " + bytes);
    }
    String expected = digest();
    String digest = expected == null ? null : Digests.sha256(part);
    if (digest != null && !digest.equals(expected)) {
      Files.delete(part);
      throw new IOException("its SHA-256 is " + digest + " instead of " + expected);
    }
  }
}
