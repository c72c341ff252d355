package io.diptych.generation;

import io.diptych.job.Job;
import io.diptych.job.JobKind;
import io.diptych.job.JobRemoval;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/** Deletes the pictures of a generation that was removed. */
final class GenerationRemoval implements JobRemoval {

  private static final Logger log = LoggerFactory.getLogger(GenerationRemoval.class);

  private final ImageKeeper images;

  GenerationRemoval(ImageKeeper images) {
    this.images = images;
  }

  /** Files go after the commit: a removal that is rolled back must find them. */
  @Override
  public void removing(Job job) {
    if (job.kind() != JobKind.GENERATION) {
      return;
    }
    TransactionSynchronizationManager.registerSynchronization(
        new TransactionSynchronization() {
          @Override
          public void afterCommit() {
            try {
              images.deleteAll(job.id());
            } catch (RuntimeException e) {
              log.warn(
                  "The pictures of generation {} stay in the store, where nobody can reach them;"
                      + " delete the folder of that name.",
                  job.id(),
                  e);
            }
          }
        });
  }
}
