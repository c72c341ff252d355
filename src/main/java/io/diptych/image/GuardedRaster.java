package io.diptych.image;

import java.awt.Point;
import java.awt.Rectangle;
import java.awt.image.DataBuffer;
import java.awt.image.SampleModel;
import java.awt.image.WritableRaster;
import org.jspecify.annotations.Nullable;

/**
 * Pixels whose writer is ended by the guard. A lossless WebP may ask for any number of passes over
 * its pixels; they read no input, so that the input cannot stop them.
 */
final class GuardedRaster extends WritableRaster {

  private final DecodeGuard guard;

  GuardedRaster(SampleModel samples, DataBuffer data, DecodeGuard guard) {
    super(samples, data, new Point());
    this.guard = guard;
  }

  private GuardedRaster(
      SampleModel samples, DataBuffer data, Rectangle region, Point origin, GuardedRaster parent) {
    super(samples, data, region, origin, parent);
    this.guard = parent.guard;
  }

  @Override
  public WritableRaster createWritableChild(
      int parentX,
      int parentY,
      int w,
      int h,
      int childMinX,
      int childMinY,
      int @Nullable [] bands) {
    SampleModel samples =
        bands == null ? getSampleModel() : getSampleModel().createSubsetSampleModel(bands);
    int deltaX = childMinX - parentX;
    int deltaY = childMinY - parentY;
    return new GuardedRaster(
        samples,
        getDataBuffer(),
        new Rectangle(childMinX, childMinY, w, h),
        new Point(sampleModelTranslateX + deltaX, sampleModelTranslateY + deltaY),
        this);
  }

  @Override
  public void setDataElements(int x, int y, Object inData) {
    guard.tick();
    super.setDataElements(x, y, inData);
  }
}
