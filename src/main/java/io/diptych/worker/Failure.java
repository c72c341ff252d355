package io.diptych.worker;

import io.diptych.engine.EngineException;
import io.diptych.job.FailureReason;
import java.io.UncheckedIOException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.RecoverableDataAccessException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.transaction.TransactionSystemException;

/**
 * An exception of a run, as the queue and the job's owner see it.
 *
 * @param message for the owner: no stack, path or SQL
 */
record Failure(FailureReason reason, String message) {

  static Failure of(Throwable thrown) {
    if (thrown instanceof EngineException engine) {
      if (engine.kind() == EngineException.Kind.MODEL_UNAVAILABLE) {
        // Its own message names files of the worker.
        return new Failure(
            FailureReason.MODEL_UNAVAILABLE,
            "The worker could not load the model that the job was planned for. The operator finds"
                + " the cause in the log, under the id of the job. A new request is planned for the"
                + " models that are served now.");
      }
      return new Failure(reason(engine.kind()), String.valueOf(engine.getMessage()));
    }
    if (thrown instanceof OutOfMemoryError) {
      return new Failure(
          FailureReason.OUT_OF_MEMORY, "The worker ran out of memory while it ran the job.");
    }
    if (databaseAway(thrown) || thrown instanceof UncheckedIOException) {
      return new Failure(
          FailureReason.DEPENDENCY_FAILURE,
          "The database or the file store was away while the job ran.");
    }
    return new Failure(
        FailureReason.INTERNAL,
        "The service failed in an unexpected way. The operator finds the cause in the log, under"
            + " the id of the job.");
  }

  private static FailureReason reason(EngineException.Kind kind) {
    return switch (kind) {
      case INVALID_OPTIONS -> FailureReason.INVALID_REQUEST;
      case INCOMPATIBLE_CONCEPT -> FailureReason.INCOMPATIBLE_ARTIFACT;
      case MODEL_UNAVAILABLE -> FailureReason.MODEL_UNAVAILABLE;
      case OUT_OF_MEMORY -> FailureReason.OUT_OF_MEMORY;
      case NUMERIC_DIVERGENCE -> FailureReason.NUMERIC_DIVERGENCE;
      case DEVICE_FAILURE -> FailureReason.DEVICE_FAILURE;
    };
  }

  /** Whether the same statement may succeed once PostgreSQL is back. */
  static boolean databaseAway(Throwable thrown) {
    return thrown instanceof DataAccessResourceFailureException
        || thrown instanceof TransientDataAccessException
        || thrown instanceof RecoverableDataAccessException
        || thrown instanceof CannotCreateTransactionException
        || thrown instanceof TransactionSystemException;
  }

  /** Whether, in a batch, one job may have caused what all of them suffered. */
  boolean mayBeOneJobsFault() {
    return switch (reason) {
      case INVALID_REQUEST, INCOMPATIBLE_ARTIFACT, NUMERIC_DIVERGENCE, INTERNAL -> true;
      default -> false;
    };
  }
}
