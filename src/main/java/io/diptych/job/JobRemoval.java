package io.diptych.job;

/**
 * Told before a job is removed, by its owner or by retention, inside the same transaction. Features
 * delete what hangs on the job: rows, and (after commit) files.
 */
@FunctionalInterface
public interface JobRemoval {

  void removing(Job job);
}
