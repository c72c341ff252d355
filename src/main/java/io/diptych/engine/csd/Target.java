package io.diptych.engine.csd;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.diptych.engine.vqvae.TokenMaps;

/**
 * What a teacher-forced pass is given and has to find.
 *
 * @param tokens of all scales as one row (1, L)
 * @param input (1, L - 1, d)
 */
record Target(NDArray tokens, NDArray input) {

  /**
   * A picture's.
   *
   * @param image (1, 3, S, S) in [-1, 1]
   * @param owner of the result
   */
  static Target of(CsdVar.Models models, NDManager owner, NDArray image) {
    try (NDManager scope = owner.newSubManager()) {
      TokenMaps maps = models.vqvae().quantize(scope, models.vqvae().encode(scope, image));
      NDArray tokens = models.program().join(scope, maps.scales(), 1);
      NDArray input = maps.teacherForcingInput();
      tokens.attach(owner);
      input.attach(owner);
      return new Target(tokens, input);
    }
  }
}
