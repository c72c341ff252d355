package io.diptych.job;

/** What became of the wish to remove a job. In either case its owner finds it no more. */
public enum Removal {
  /** It is gone, with everything that belonged to it. */
  REMOVED,
  /** A lane has it and was asked to stop; everything goes when it has. */
  STOPPING
}
