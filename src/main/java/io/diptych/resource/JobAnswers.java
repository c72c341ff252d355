package io.diptych.resource;

import io.diptych.job.Job;
import io.diptych.job.Removal;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;

/** Answers that say whether something is done or a lane still has to stop. */
public final class JobAnswers {

  private JobAnswers() {}

  /** To a cancel: 200 when the job has ended, 202 while a lane has it. */
  public static ResponseEntity.BodyBuilder canceled(Job after) {
    return ResponseEntity.status(after.state().isFinal() ? HttpStatus.OK : HttpStatus.ACCEPTED);
  }

  /** To a delete: 204 when the job is gone, 202 while a lane has it. */
  public static ResponseEntity<Void> removed(Removal removal) {
    return ResponseEntity.status(
            removal == Removal.REMOVED ? HttpStatus.NO_CONTENT : HttpStatus.ACCEPTED)
        .build();
  }
}
