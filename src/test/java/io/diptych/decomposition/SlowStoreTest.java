package io.diptych.decomposition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobStore;
import io.diptych.artifact.StoredBlob;
import io.diptych.database.TestDatabase;
import io.diptych.decomposition.TestService.Caller;
import io.diptych.engine.Concept;
import io.diptych.engine.csd.ConceptFile;
import io.diptych.http.Client.Reply;
import io.diptych.http.problem.ProblemType;
import io.diptych.job.Jobs;
import java.io.ByteArrayInputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.TransactionStatus;
import org.springframework.transaction.TransactionSystemException;
import org.springframework.transaction.support.TransactionTemplate;

/** Uploads whose store is slow, or whose commit gets lost. */
class SlowStoreTest {

  private static final int CONNECTIONS = 3;
  private static final String REQUEST = "{\"steps\": 1, \"seed\": 7}";

  /** Where writers wait; open but for the test that wants them slow. */
  private static volatile CountDownLatch arrived = new CountDownLatch(0);

  private static volatile CountDownLatch goOn = new CountDownLatch(0);

  /** Where removals wait. */
  private static volatile CountDownLatch deletable = new CountDownLatch(0);

  private static TestDatabase database;
  private static TestService service;
  private Caller alice;

  @BeforeAll
  static void start(@TempDir Path directory) {
    database = TestDatabase.create();
    service =
        TestService.startWith(
            SlowStore.class,
            database,
            directory,
            "diptych.role=api",
            "spring.datasource.hikari.maximum-pool-size=" + CONNECTIONS);
  }

  @AfterAll
  static void stop() {
    service.close();
    database.close();
  }

  @BeforeEach
  void newTenant() {
    alice = service.newTenant();
  }

  @Test
  void uploadsThatWaitForTheStoreHoldNoConnection() throws Exception {
    int uploads = CONNECTIONS + 2;
    arrived = new CountDownLatch(uploads);
    goOn = new CountDownLatch(1);
    ExecutorService clients = Executors.newFixedThreadPool(uploads);
    List<CompletableFuture<Reply>> replies = new ArrayList<>();
    try {
      for (int i = 0; i < uploads; i++) {
        String key = "key-" + i;
        replies.add(
            CompletableFuture.supplyAsync(
                () -> alice.submit(REQUEST, "Idempotency-Key", key), clients));
      }
      TestService.await().until(() -> arrived.getCount() == 0);

      assertThat(alice.get("/decompositions").status()).isEqualTo(200);
    } finally {
      goOn.countDown();
      clients.shutdown();
    }
    assertThat(replies).extracting(reply -> reply.join().status()).containsOnly(202);
  }

  @Test
  void removalsThatWaitForTheStoreHoldNoConnection() {
    List<String> submitted = new ArrayList<>();
    for (int i = 0; i < CONNECTIONS + 2; i++) {
      submitted.add(alice.submit(REQUEST).header("Location"));
    }
    deletable = new CountDownLatch(1);
    try {
      assertThat(submitted).extracting(job -> alice.delete(job).status()).containsOnly(204);
      assertThat(alice.get("/decompositions").json().get("items")).isEmpty();
      assertThat(stored(submitted)).isEqualTo(CONNECTIONS + 2);
    } finally {
      deletable.countDown();
    }
    TestService.await().until(() -> stored(submitted) == 0);
  }

  private static long stored(List<String> jobs) {
    return jobs.stream()
        .mapToLong(job -> service.stored(job.substring(job.lastIndexOf('/') + 1)).size())
        .sum();
  }

  @Test
  void aRepetitionWhoseKeyIsLockedIsToldSo() {
    JdbcClient other = JdbcClient.create(database.dataSource());
    new TransactionTemplate(new JdbcTransactionManager(database.dataSource()))
        .executeWithoutResult(
            held -> {
              other.sql("lock table idempotency_key in exclusive mode").update();
              Reply reply = alice.submit(REQUEST, "Idempotency-Key", "locked");
              assertThat(reply.status()).as(reply.body()).isEqualTo(409);
              assertThat(reply.json().get("type").asString())
                  .isEqualTo(ProblemType.IDEMPOTENCY_CONFLICT.uri());
            });
  }

  @Test
  void aRepetitionLeavesNoSecondPicture() {
    Reply first = alice.submit(REQUEST, "Idempotency-Key", "once");
    Set<String> before = service.owners();

    Reply again = alice.submit(REQUEST, "Idempotency-Key", "once");

    assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");
    assertThat(again.header("Location")).isEqualTo(first.header("Location"));
    assertThat(before).containsAll(service.owners());
  }

  @Test
  void aPictureWhoseDecompositionMayExistIsLeftToTheSweep() throws Exception {
    ConfigurableApplicationContext beans = service.context();
    Decompositions forgetful =
        new Decompositions(
            beans.getBean(Jobs.class),
            beans.getBean(DecompositionRows.class),
            beans.getBean(BlobStore.class),
            beans.getBean(Planner.class),
            forgetful());
    Plan plan = forgetful.plan(DecompositionRequest.EMPTY);
    UUID id;
    try (StoredPicture picture =
        beans.getBean(PictureUploads.class).store(new ByteArrayResource(TestService.picture()))) {
      id = picture.id();
      assertThatThrownBy(() -> forgetful.submit(alice.name(), plan, picture, Map.of(), null))
          .isInstanceOf(TransactionSystemException.class);
    }

    assertThat(beans.getBean(Decompositions.class).picture(alice.name(), id)).isPresent();
  }

  @Test
  void anArtifactWhoseDecompositionMayExistIsLeftToTheSweep() {
    ConfigurableApplicationContext beans = service.context();
    ConceptImport forgetful =
        new ConceptImport(
            beans.getBean(Jobs.class),
            beans.getBean(DecompositionRows.class),
            beans.getBean(BlobStore.class),
            beans.getBean(Planner.class),
            beans.getBean(UploadRoom.class),
            forgetful());
    Planner planner = beans.getBean(Planner.class);
    Plan plan = planner.plan(DecompositionRequest.EMPTY);
    Concept concept = WrongConcepts.right(plan, planner.manifest(plan));
    byte[] file = ConceptFile.write(concept);

    assertThatThrownBy(() -> forgetful.take(alice.name(), new ByteArrayInputStream(file), null))
        .isInstanceOf(TransactionSystemException.class);

    String made = alice.get("/decompositions").json().get("items").get(0).get("id").asString();
    assertThat(alice.bytes("/decompositions/" + made + "/artifact")).isEqualTo(file);
  }

  /** Transactions that commit, and then lose the connection. */
  private static TransactionTemplate forgetful() {
    PlatformTransactionManager transactions =
        service.context().getBean(PlatformTransactionManager.class);
    return new TransactionTemplate(
        new PlatformTransactionManager() {
          @Override
          public TransactionStatus getTransaction(TransactionDefinition definition) {
            return transactions.getTransaction(definition);
          }

          @Override
          public void commit(TransactionStatus status) {
            transactions.commit(status);
            throw new TransactionSystemException("The connection broke.");
          }

          @Override
          public void rollback(TransactionStatus status) {
            transactions.rollback(status);
          }
        });
  }

  /** Puts a wait before every writing of a picture, and before every removal of a job's files. */
  static final class SlowStore implements BeanPostProcessor {

    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
      if (!(bean instanceof BlobStore store)) {
        return bean;
      }
      return Proxy.newProxyInstance(
          BlobStore.class.getClassLoader(),
          new Class<?>[] {BlobStore.class},
          (proxy, method, arguments) -> {
            if (method.getReturnType() == StoredBlob.class && arguments[1] == BlobKind.IMAGE) {
              arrived.countDown();
              goOn.await();
            }
            if (method.getName().equals("deleteAll")) {
              deletable.await();
            }
            try {
              return method.invoke(store, arguments);
            } catch (InvocationTargetException e) {
              throw e.getCause();
            }
          });
    }
  }
}
