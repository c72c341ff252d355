package io.diptych.engine.training;

/**
 * One step's settings of AdamW (Loshchilov and Hutter 2019) and of the moving average.
 *
 * @param rate learning rate
 * @param beta1 decay of the first moment
 * @param beta2 decay of the second moment
 * @param weightDecay in units of the rate
 * @param clip largest global norm of the gradient
 * @param step from 1
 * @param average decay of the moving average of the weights
 */
public record Schedule(
    double rate,
    double beta1,
    double beta2,
    double weightDecay,
    double clip,
    long step,
    double average) {

  private static final float EPSILON = 1e-8f;

  /** As programs read it, followed by what a program wants besides. */
  float[] values(double... more) {
    float[] values = new float[8 + more.length];
    values[0] = (float) rate;
    values[1] = (float) beta1;
    values[2] = (float) beta2;
    values[3] = EPSILON;
    values[4] = (float) weightDecay;
    values[5] = (float) clip;
    values[6] = step;
    values[7] = (float) average;
    for (int i = 0; i < more.length; i++) {
      values[8 + i] = (float) more[i];
    }
    return values;
  }
}
