package io.diptych.http.idempotency;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.database.PostgresExceptionTranslator;
import io.diptych.database.TestDatabase;
import io.diptych.http.access.Tenant;
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import io.diptych.job.SettableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.json.JsonMapper;

class IdempotencyTest {

  private static final Tenant ANNA = new Tenant("anna");
  private static final Fingerprint CAT = Fingerprint.of("cat");
  private static final Fingerprint DOG = Fingerprint.of("dog");

  private static TestDatabase testDatabase;
  private static DataSource database;

  private final SettableClock clock = new SettableClock(Instant.parse("2026-08-02T10:00:00Z"));
  private final JdbcClient jdbc = PostgresExceptionTranslator.client(database);
  private final Idempotency idempotency = idempotency();

  @BeforeAll
  static void migrate() {
    testDatabase = TestDatabase.create();
    database = testDatabase.dataSource();
    JdbcClient.create(database).sql("create table made (id uuid primary key)").update();
  }

  @AfterAll
  static void drop() {
    testDatabase.close();
  }

  @BeforeEach
  void empty() {
    jdbc.sql("truncate made, idempotency_key").update();
  }

  private Idempotency idempotency() {
    return new Idempotency(
        new IdempotencyTable(jdbc, new JsonMapper()),
        new TransactionTemplate(new JdbcTransactionManager(database)),
        new IdempotencyProperties(Duration.ofHours(24), false),
        clock);
  }

  @Test
  void withoutAKeyTheWorkIsDoneEachTime() {
    submit(request(null, CAT));
    submit(request(null, CAT));

    assertThat(made()).isEqualTo(2);
  }

  @Test
  void theSameKeyReplaysTheFirstAnswer() {
    Outcome first = submit(request("k", CAT));
    Outcome second = submit(request("k", CAT));

    assertThat(first).isInstanceOf(Outcome.Created.class);
    assertThat(second)
        .isEqualTo(new Outcome.Replayed(first.resourceId(), answer(first.resourceId())));
    assertThat(made()).isEqualTo(1);
  }

  @Test
  void anotherRequestWithTheKeyIsAMismatch() {
    submit(request("k", CAT));

    assertRefused(() -> submit(request("k", DOG)), ProblemType.IDEMPOTENCY_MISMATCH);
    assertThat(made()).isEqualTo(1);
  }

  @Test
  void keysOfOtherTenantsAndRoutesAreOthers() {
    submit(request("k", CAT));
    submit(new IdempotentRequest(new Tenant("ben"), "POST /things", key("k"), DOG));
    submit(new IdempotentRequest(ANNA, "POST /others", key("k"), DOG));

    assertThat(made()).isEqualTo(3);
  }

  @Test
  void aKeyIsFreeAgainAfterADay() {
    submit(request("k", CAT));
    clock.advance(Duration.ofHours(24).minusMillis(1));
    Outcome before = submit(request("k", CAT));
    clock.advance(Duration.ofMillis(1));
    Outcome after = submit(request("k", DOG));

    assertThat(before).isInstanceOf(Outcome.Replayed.class);
    assertThat(after).isInstanceOf(Outcome.Created.class);
    assertThat(submit(request("k", DOG)).resourceId()).isEqualTo(after.resourceId());
  }

  @Test
  void workThatFailsLeavesTheKeyFreeAndNothingMade() {
    assertThatThrownBy(
            () ->
                idempotency.once(
                    request("k", CAT),
                    () -> {
                      insert();
                      throw new ProblemException(ProblemType.QUEUE_FULL, "full");
                    },
                    IdempotencyTest::answer))
        .isInstanceOf(ProblemException.class);

    assertThat(made()).isZero();
    assertThat(submit(request("k", DOG))).isInstanceOf(Outcome.Created.class);
  }

  @Test
  void twentyClientsAtOnceMakeOneThing() throws Exception {
    int clients = 20;
    CountDownLatch start = new CountDownLatch(1);
    ExecutorService pool = Executors.newFixedThreadPool(clients);
    Callable<Outcome> client =
        () -> {
          start.await();
          return submit(request("k", CAT));
        };
    List<Future<Outcome>> outcomes =
        IntStream.range(0, clients).mapToObj(i -> pool.submit(client)).toList();

    start.countDown();
    long created = 0;
    for (Future<Outcome> outcome : outcomes) {
      created += outcome.get() instanceof Outcome.Created ? 1 : 0;
    }
    Set<UUID> ids = outcomes.stream().map(IdempotencyTest::resource).collect(Collectors.toSet());
    pool.shutdown();

    assertThat(created).isEqualTo(1);
    assertThat(ids).hasSize(1);
    assertThat(made()).isEqualTo(1);
  }

  @Test
  void whileTheFirstAnswerIsAwaitedTheKeyIsInConflict() {
    IdempotentRequest request = request("k", CAT);
    Outcome first = idempotency.begin(request, this::insert, Duration.ofSeconds(30));

    assertRefused(
        () -> idempotency.begin(request, this::insert, Duration.ofSeconds(30)),
        ProblemType.IDEMPOTENCY_CONFLICT);
    idempotency.answered(request, Answer.of(201, Map.of("Location", "/x")));

    assertThat(idempotency.begin(request, this::insert, Duration.ofSeconds(30)))
        .isEqualTo(
            new Outcome.Replayed(first.resourceId(), Answer.of(201, Map.of("Location", "/x"))));
    assertThat(made()).isEqualTo(1);
  }

  @Test
  void whileTheFirstTransactionIsOpenTheKeyIsInConflict() throws Exception {
    IdempotentRequest request = request("k", CAT);
    CountDownLatch working = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    ExecutorService pool = Executors.newSingleThreadExecutor();
    Future<Outcome> first =
        pool.submit(
            () ->
                idempotency.once(
                    request,
                    () -> {
                      working.countDown();
                      await(goOn);
                      return insert();
                    },
                    IdempotencyTest::answer));
    try {
      await(working);
      assertRefused(() -> submit(request), ProblemType.IDEMPOTENCY_CONFLICT);
    } finally {
      goOn.countDown();
      pool.shutdown();
    }
    assertThat(submit(request)).isEqualTo(replayOf(first.get()));
  }

  @Test
  void aMismatchIsSeenWhileTheFirstAnswerIsAwaited() {
    idempotency.begin(request("k", CAT), this::insert, Duration.ofSeconds(30));

    assertRefused(
        () -> idempotency.begin(request("k", DOG), this::insert, Duration.ofSeconds(30)),
        ProblemType.IDEMPOTENCY_MISMATCH);
  }

  @Test
  void anAnswerThatNeverCameGivesWayToTheResource() {
    IdempotentRequest request = request("k", CAT);
    Outcome first = idempotency.begin(request, this::insert, Duration.ofSeconds(30));
    clock.advance(Duration.ofSeconds(41));

    Outcome second = idempotency.begin(request, this::insert, Duration.ofSeconds(30));

    assertThat(second).isEqualTo(new Outcome.Replayed(first.resourceId(), null));
    assertThat(made()).isEqualTo(1);
  }

  @Test
  void onlyTheFirstAnswerIsKept() {
    IdempotentRequest request = request("k", CAT);
    idempotency.begin(request, this::insert, Duration.ofSeconds(30));
    idempotency.answered(request, Answer.of(201, Map.of()));
    idempotency.answered(request, Answer.of(202, Map.of()));

    Outcome.Replayed replayed =
        (Outcome.Replayed) idempotency.begin(request, this::insert, Duration.ZERO);

    assertThat(replayed.answer()).isEqualTo(Answer.of(201, Map.of()));
  }

  @Test
  void expiredKeysAreDeleted() {
    submit(request("old", CAT));
    clock.advance(Duration.ofHours(20));
    submit(request("new", CAT));
    clock.advance(Duration.ofHours(4));

    assertThat(idempotency.deleteExpired()).isEqualTo(1);
    assertThat(submit(request("new", CAT))).isInstanceOf(Outcome.Replayed.class);
  }

  private Outcome submit(IdempotentRequest request) {
    return idempotency.once(request, this::insert, IdempotencyTest::answer);
  }

  private UUID insert() {
    UUID id = UUID.randomUUID();
    jdbc.sql("insert into made (id) values (:id)").param("id", id).update();
    return id;
  }

  private long made() {
    return jdbc.sql("select count(*) from made").query(Long.class).single();
  }

  private static UUID resource(Future<Outcome> outcome) {
    try {
      return outcome.get().resourceId();
    } catch (Exception failure) {
      throw new IllegalStateException(failure);
    }
  }

  private static Outcome replayOf(Outcome first) {
    return new Outcome.Replayed(first.resourceId(), answer(first.resourceId()));
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Answer answer(UUID id) {
    return new Answer(202, Map.of("Location", "/things/" + id), "{\"id\":\"" + id + "\"}");
  }

  private static IdempotencyKey key(String value) {
    return new IdempotencyKey(value);
  }

  private static IdempotentRequest request(String key, Fingerprint fingerprint) {
    return new IdempotentRequest(ANNA, "POST /things", key == null ? null : key(key), fingerprint);
  }

  private static void assertRefused(Runnable call, ProblemType type) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            ProblemException.class,
            refusal -> assertThat(refusal.problem().type()).isEqualTo(type));
  }
}
