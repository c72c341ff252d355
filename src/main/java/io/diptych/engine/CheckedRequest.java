package io.diptych.engine;

/**
 * A request that a model can run, its prompt tokenised: only {@link Backbone#check} makes one.
 * Holds nothing on a device.
 */
public interface CheckedRequest {

  /** What was checked. */
  GenerationRequest request();

  /** The same for another image of the seed; there is nothing more to check about it. */
  CheckedRequest ofImage(int index);
}
