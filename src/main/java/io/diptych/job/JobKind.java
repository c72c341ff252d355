package io.diptych.job;

/** What a job does. Each kind has its own fair order, its own tickets and its own lanes. */
public enum JobKind {
  /** Learns the content and the style of one picture: minutes, step by step, never in a batch. */
  DECOMPOSITION,
  /** Makes pictures from learned concepts: seconds, in batches. */
  GENERATION
}
