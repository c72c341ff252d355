package samples;

import io.diptych.http.Download;
import io.diptych.http.ETag;
import io.diptych.http.Prefer;
import io.diptych.http.access.ApiKeys;
import io.diptych.http.access.RequiresScope;
import io.diptych.http.access.Scope;
import io.diptych.http.access.Tenant;
import io.diptych.http.event.EventLog;
import io.diptych.http.event.EventStreams;
import io.diptych.http.event.StreamEvent;
import io.diptych.http.idempotency.Answer;
import io.diptych.http.idempotency.Fingerprint;
import io.diptych.http.idempotency.Idempotency;
import io.diptych.http.idempotency.IdempotencyKey;
import io.diptych.http.idempotency.IdempotentRequest;
import io.diptych.http.idempotency.Outcome;
import io.diptych.http.openapi.Problems;
import io.diptych.http.paging.Page;
import io.diptych.http.paging.PageQuery;
import io.diptych.http.problem.Problem;
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemTranslator;
import io.diptych.http.problem.ProblemType;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.context.annotation.Import;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.core.io.Resource;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.http.CacheControl;
import org.springframework.http.ContentDisposition;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RequestPart;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.multipart.MultipartFile;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/**
 * Routes as the features will write them, and routes that fail in every way we know. They are
 * outside the service's package, so that tests of the whole service do not find them.
 */
@Import({
  SampleRoutes.Things.class,
  SampleRoutes.Failures.class,
  SampleRoutes.FeatureTranslator.class
})
public class SampleRoutes {

  enum Colour {
    RED,
    GREEN
  }

  record Guidance(@Min(value = 0, message = "must not be negative") double scale) {}

  record ThingRequest(
      @NotBlank(message = "is missing") String name,
      @Max(value = 100, message = "must be at most 100") @Nullable Integer steps,
      @Nullable Colour colour,
      @Valid @Nullable Guidance guidance,
      @Nullable List<@NotNull @Valid Guidance> steps2,
      @Nullable Map<String, String> labels,
      @Nullable Instant after) {}

  public record Thing(UUID id, String tenant, String name, int version) {}

  @RestController
  @RequestMapping("/things")
  @RequiresScope(Scope.JOBS_READ)
  public static class Things {

    public static final Map<UUID, Thing> STORE = new ConcurrentHashMap<>();
    public static final List<StreamEvent> EVENTS = new CopyOnWriteArrayList<>();
    public static volatile boolean ended;
    public static volatile CountDownLatch hold = new CountDownLatch(0);

    private final Idempotency idempotency;
    private final EventStreams streams;
    private final JdbcClient jdbc;

    Things(Idempotency idempotency, EventStreams streams, JdbcClient jdbc) {
      this.idempotency = idempotency;
      this.streams = streams;
      this.jdbc = jdbc;
      jdbc.sql("create table if not exists thing (id uuid primary key, name text)").update();
    }

    /** Answers at once, as POST /decompositions does. */
    @PostMapping(consumes = MediaType.APPLICATION_JSON_VALUE)
    @RequiresScope(Scope.DECOMPOSE_WRITE)
    @Problems(ProblemType.QUEUE_FULL)
    ResponseEntity<String> create(
        Tenant tenant, @Nullable IdempotencyKey key, @Valid @RequestBody ThingRequest request) {
      IdempotentRequest call =
          new IdempotentRequest(tenant, "POST /things", key, Fingerprint.of(request));
      if (request.name().equals("refused")) {
        call = new IdempotentRequest(tenant, "POST /things", key, Fingerprint.of("any"));
      }
      String name = request.name();
      Outcome outcome =
          idempotency.once(
              call,
              () -> insert(name),
              id ->
                  new Answer(202, Map.of("Location", "/things/" + id), "{\"id\":\"" + id + "\"}"));
      if (outcome instanceof Outcome.Replayed replayed && replayed.answer() != null) {
        Answer first = replayed.answer();
        ResponseEntity.BodyBuilder builder = ResponseEntity.status(first.status());
        first.headers().forEach(builder::header);
        return builder
            .header(IdempotencyKey.REPLAYED_HEADER, "true")
            .contentType(MediaType.APPLICATION_JSON)
            .body(first.body());
      }
      return ResponseEntity.accepted()
          .location(URI.create("/things/" + outcome.resourceId()))
          .contentType(MediaType.APPLICATION_JSON)
          .body("{\"id\":\"" + outcome.resourceId() + "\"}");
    }

    private UUID insert(String name) {
      UUID id = UUID.randomUUID();
      jdbc.sql("insert into thing (id, name) values (:id, :name)")
          .param("id", id)
          .param("name", name)
          .update();
      if (name.equals("refused")) {
        throw new ProblemException(ProblemType.QUEUE_FULL, "The queue is full.")
            .retryAfter(Duration.ofMillis(1500));
      }
      return id;
    }

    /** Waits for a result, as POST /generate does. */
    @PostMapping("/made")
    @RequiresScope(Scope.GENERATE_WRITE)
    ResponseEntity<String> make(
        Tenant tenant,
        @Nullable IdempotencyKey key,
        Prefer prefer,
        @RequestBody ThingRequest request)
        throws InterruptedException {
      IdempotentRequest call =
          new IdempotentRequest(tenant, "POST /things/made", key, Fingerprint.of(request));
      Duration wait = prefer.waitOr(Duration.ofSeconds(30));
      Outcome outcome = idempotency.begin(call, () -> insert(request.name()), wait);
      if (outcome instanceof Outcome.Created) {
        hold.await();
        idempotency.answered(call, Answer.of(201, Map.of()));
      }
      ResponseEntity.BodyBuilder builder = ResponseEntity.status(201);
      prefer.applied().ifPresent(value -> builder.header(Prefer.PREFERENCE_APPLIED, value));
      if (outcome instanceof Outcome.Replayed) {
        builder.header(IdempotencyKey.REPLAYED_HEADER, "true");
      }
      return builder.contentType(MediaType.TEXT_PLAIN).body(outcome.resourceId().toString());
    }

    @PostMapping(path = "/uploads", consumes = MediaType.MULTIPART_FORM_DATA_VALUE)
    Map<String, Object> upload(
        @RequestPart("image") MultipartFile image,
        @Valid @RequestPart(name = "request", required = false) @Nullable ThingRequest request)
        throws IOException {
      return Map.of(
          "bytes", image.getBytes().length, "name", request == null ? "none" : request.name());
    }

    @PostMapping(path = "/raw", consumes = MediaType.APPLICATION_OCTET_STREAM_VALUE)
    Map<String, Object> raw(@RequestBody byte[] body) {
      return Map.of("bytes", body.length);
    }

    @GetMapping("/{id}")
    ResponseEntity<Thing> get(Tenant tenant, @PathVariable UUID id, WebRequest request) {
      Thing thing = STORE.get(id);
      if (thing == null || !thing.tenant().equals(tenant.id())) {
        throw ProblemException.notFound("thing", id);
      }
      return ETag.of(thing.name(), thing.version()).answer(request, () -> thing);
    }

    @GetMapping
    ResponseEntity<Page.Body<Thing>> list(
        Tenant tenant, PageQuery query, @RequestParam(required = false) @Nullable String name) {
      List<Thing> fetched =
          STORE.values().stream()
              .filter(thing -> thing.tenant().equals(tenant.id()))
              .filter(thing -> name == null || thing.name().equals(name))
              .filter(thing -> query.after() == null || thing.id().compareTo(query.after()) > 0)
              .sorted((left, right) -> left.id().compareTo(right.id()))
              .limit(query.fetch())
              .toList();
      return query.page(fetched, Thing::id).answer();
    }

    @GetMapping(path = "/{id}/file", produces = MediaType.APPLICATION_OCTET_STREAM_VALUE)
    Resource file(@PathVariable UUID id) {
      return new ByteArrayResource("0123456789".getBytes(StandardCharsets.US_ASCII));
    }

    @GetMapping(path = "/{id}/download", produces = MediaType.APPLICATION_OCTET_STREAM_VALUE)
    ResponseEntity<Resource> download(@PathVariable UUID id, WebRequest request) {
      byte[] content = "0123456789".getBytes(StandardCharsets.US_ASCII);
      return new Download(
              "f".repeat(64),
              content.length,
              ContentDisposition.attachment().filename("digits.txt").build(),
              CacheControl.noCache(),
              () -> new ByteArrayInputStream(content))
          .answer(request);
    }

    @GetMapping(path = "/{id}/picture", produces = MediaType.IMAGE_PNG_VALUE)
    byte[] picture(@PathVariable UUID id) {
      throw ProblemException.notFound("picture", id);
    }

    @GetMapping(path = "/{id}/events")
    ResponseEntity<SseEmitter> events(
        Tenant tenant,
        @PathVariable UUID id,
        @RequestHeader(name = "Last-Event-ID", required = false) @Nullable String lastEventId) {
      EventLog log =
          (after, limit) -> {
            List<StreamEvent> rest = new ArrayList<>(EVENTS);
            rest.removeIf(event -> event.id() <= after);
            return new EventLog.Batch(rest.stream().limit(limit).toList(), ended);
          };
      return streams.open(tenant, id, log, lastEventId);
    }
  }

  /** An exception of a feature that knows nothing of HTTP, and who says what it is here. */
  static class FeatureException extends RuntimeException {}

  public static class FeatureTranslator implements ProblemTranslator {

    @Override
    public Optional<ProblemException> translate(Throwable failure) {
      return failure instanceof FeatureException
          ? Optional.of(
              new ProblemException(ProblemType.QUEUE_FULL, "3 jobs are waiting.")
                  .retryAfter(Duration.ofSeconds(9)))
          : Optional.empty();
    }
  }

  static class Unwritable {
    public String getSecret() {
      throw new IllegalStateException("secret");
    }
  }

  @RestController
  @RequestMapping("/fail")
  @RequiresScope(Scope.JOBS_READ)
  static class Failures {

    private final JdbcClient jdbc;

    Failures(JdbcClient jdbc) {
      this.jdbc = jdbc;
    }

    @GetMapping("/sql")
    String sql() {
      return jdbc.sql("select secret_column from no_such_table").query(String.class).single();
    }

    @GetMapping("/database")
    String database() {
      throw new QueryTimeoutException("select 1 from job");
    }

    @GetMapping("/lost")
    String lost() {
      return jdbc.sql("select pg_terminate_backend(pg_backend_pid())").query(String.class).single();
    }

    @GetMapping("/feature")
    String feature() {
      throw new FeatureException();
    }

    @GetMapping("/null")
    String nothing() {
      throw new NullPointerException("at /home/someone/secret/path");
    }

    @GetMapping("/error")
    String error() {
      throw new StackOverflowError("deep");
    }

    @GetMapping("/late")
    Callable<String> late() {
      return () -> {
        throw new ProblemException(
            Problem.of(ProblemType.OUT_OF_MEMORY, "The device has 0 bytes free.").withJob("J-7"));
      };
    }

    @GetMapping("/never")
    DeferredResult<String> never() {
      return new DeferredResult<>(50L);
    }

    @GetMapping(path = "/number")
    int number(@RequestParam int count, @RequestParam(required = false) @Nullable Colour colour) {
      return IntStream.range(0, count).sum();
    }

    @GetMapping("/positive")
    int positive(@RequestParam @Min(value = 1, message = "must be at least 1") int count) {
      return count;
    }

    @GetMapping("/unwritable")
    Map<String, Object> unwritable() {
      return Map.of("half", "written", "other", new Unwritable());
    }
  }

  /** Made without a thought about who may call it. */
  @RestController
  public static class Careless {

    @GetMapping("/careless")
    String everything() {
      return "secret";
    }
  }

  /** Makes a key while the service starts. */
  public static class KeyMaker {

    KeyMaker(ApiKeys keys) {
      keys.create(new Tenant("anna"), "first", Set.of(Scope.ADMIN), null);
    }
  }
}
