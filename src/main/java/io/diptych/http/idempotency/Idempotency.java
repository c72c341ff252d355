package io.diptych.http.idempotency;

import io.diptych.http.problem.Problem;
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.PessimisticLockingFailureException;
import org.springframework.stereotype.Service;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Does the work of a repeated request once.
 *
 * <p>The key is claimed and the work is done in one transaction: afterwards both are there or
 * neither. Simultaneous requests with one key wait for the first transaction to end, then see what
 * it did.
 */
@Service
public class Idempotency {

  /** How much later than promised a first answer may come before it is given up. */
  private static final Duration GRACE = Duration.ofSeconds(10);

  private static final Duration TRY_AGAIN = Duration.ofSeconds(2);

  private final IdempotencyTable table;
  private final TransactionTemplate transaction;
  private final IdempotencyProperties properties;
  private final Clock clock;

  Idempotency(
      IdempotencyTable table,
      TransactionTemplate transaction,
      IdempotencyProperties properties,
      Clock clock) {
    this.table = table;
    this.transaction = transaction;
    this.properties = properties;
    this.clock = clock;
  }

  /**
   * For routes that answer at once: does the work and keeps the answer, in one transaction.
   *
   * @param work makes the resource and returns its id, in the transaction. If it throws, nothing is
   *     kept and the key is free again.
   * @param answer the answer about the resource, made after the work and in the same transaction
   * @return what was done now, or the first answer
   * @throws ProblemException {@code idempotency-mismatch} when the key came with another request,
   *     {@code idempotency-conflict} when the transaction of the first request does not end
   */
  public Outcome once(
      IdempotentRequest request, Supplier<UUID> work, Function<UUID, Answer> answer) {
    return claimAndDo(request, work, answer, Duration.ZERO);
  }

  /**
   * For routes that wait for a result before they answer: does the work in one transaction, after
   * which the caller waits and then calls {@link #answered}. Repetitions that come in between are
   * refused with {@code idempotency-conflict}, but not for ever: a process may die while it waits.
   *
   * @param waits the longest time until {@link #answered} is called, whichever request came first
   */
  public Outcome begin(IdempotentRequest request, Supplier<UUID> work, Duration waits) {
    return claimAndDo(request, work, null, waits);
  }

  /** Keeps the first answer to a request that was begun with {@link #begin}. */
  public void answered(IdempotentRequest request, Answer answer) {
    IdempotencyKey key = request.key();
    if (key != null) {
      table.keep(request, key, answer.kept());
    }
  }

  /** Deletes keys that are past their time, and returns how many. For housekeeping. */
  public int deleteExpired() {
    return table.deleteExpired(clock.instant());
  }

  private Outcome claimAndDo(
      IdempotentRequest request,
      Supplier<UUID> work,
      @Nullable Function<UUID, Answer> answer,
      Duration waits) {
    IdempotencyKey key = request.key();
    if (key == null) {
      return new Outcome.Created(inTransaction(work));
    }
    return inTransaction(
        () -> {
          if (!claim(request, key)) {
            return replay(request, key, waits);
          }
          UUID made = work.get();
          table.made(request, key, made, clock.instant());
          if (answer != null) {
            table.keep(request, key, answer.apply(made).kept());
          }
          return new Outcome.Created(made);
        });
  }

  private boolean claim(IdempotentRequest request, IdempotencyKey key) {
    Instant now = clock.instant();
    try {
      return table.claim(request, key, now, now.plus(properties.keep()));
    } catch (PessimisticLockingFailureException busy) {
      throw inFlight(busy);
    }
  }

  private Outcome replay(IdempotentRequest request, IdempotencyKey key, Duration waits) {
    Optional<IdempotencyTable.Row> found = table.find(request, key);
    // Expired and deleted since the claim failed: as rare as it is harmless to try again.
    IdempotencyTable.Row first = found.orElseThrow(() -> inFlight(null));
    if (!first.fingerprint().equals(request.fingerprint())) {
      throw new ProblemException(
          ProblemType.IDEMPOTENCY_MISMATCH,
          "The key was used at " + first.claimedAt() + " for a request with other content.");
    }
    boolean mayStillCome = clock.instant().isBefore(first.claimedAt().plus(waits).plus(GRACE));
    if (first.answer() == null && mayStillCome) {
      throw inFlight(null);
    }
    return new Outcome.Replayed(first.resourceId(), first.answer());
  }

  private static ProblemException inFlight(@Nullable Throwable cause) {
    return new ProblemException(
        Problem.of(
            ProblemType.IDEMPOTENCY_CONFLICT, "A request with this key is being answered now."),
        TRY_AGAIN,
        cause);
  }

  private <T> T inTransaction(Supplier<T> work) {
    return Objects.requireNonNull(transaction.execute(status -> work.get()));
  }
}
