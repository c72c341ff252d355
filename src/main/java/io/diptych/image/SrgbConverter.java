package io.diptych.image;

import io.diptych.image.ScannedImage.Samples;
import java.awt.color.CMMException;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.awt.image.ColorConvertOp;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Turns raw samples into opaque 8-bit sRGB, row by row: 16 bits and palettes become 8-bit samples,
 * transparency is composed on white, a colour profile is applied. Gray samples without a profile
 * are taken as sRGB intensities, as browsers take them; Java's own gray is linear.
 */
final class SrgbConverter {

  private final Samples samples;
  private final int colors;
  private final @Nullable ColorConvertOp profile;

  SrgbConverter(ScannedImage image) {
    this.samples = image.samples();
    this.colors = samples.palette() == null ? samples.colors() : 3;
    this.profile = conversion(image.iccProfile(), colors);
  }

  /** Converts a picture and scales it so that neither side is longer than {@code maxSide}. */
  BufferedImage convert(Raster raster, int maxSide, DecodeGuard guard) {
    int width = raster.getWidth();
    int height = raster.getHeight();
    if (raster.getNumBands() != samples.bands()) {
      throw ImageRefusedException.damaged("header and decoder disagree about its colours");
    }
    AreaScaler scaler = AreaScaler.fit(width, height, maxSide);
    int[] row = new int[width * samples.bands()];
    byte[] flat = new byte[width * colors];
    byte[] rgb = new byte[width * 3];
    WritableRaster source = rowRaster(flat, width, colors);
    WritableRaster target = rowRaster(rgb, width, 3);
    for (int y = 0; y < height; y++) {
      guard.check();
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
      flatten(row, flat);
      if (profile != null) {
        profile.filter(source, target);
      } else if (colors == 3) {
        System.arraycopy(flat, 0, rgb, 0, rgb.length);
      } else {
        for (int x = 0; x < width; x++) {
          Arrays.fill(rgb, 3 * x, 3 * x + 3, flat[x]);
        }
      }
      scaler.add(rgb);
    }
    return scaler.image();
  }

  /** Samples of one row to 8-bit colours on white. */
  private void flatten(int[] row, byte[] flat) {
    int bands = samples.bands();
    int[] palette = samples.palette();
    for (int x = 0; x < flat.length / colors; x++) {
      if (palette != null) {
        int argb = palette[row[x]];
        int alpha = argb >>> 24;
        for (int c = 0; c < 3; c++) {
          flat[3 * x + c] = onWhite(argb >> 8 * (2 - c) & 0xff, alpha, 255);
        }
      } else {
        int alpha = samples.alpha() ? row[x * bands + colors] : transparent(row, x * bands);
        for (int c = 0; c < colors; c++) {
          flat[x * colors + c] = onWhite(row[x * bands + c], alpha, samples.max());
        }
      }
    }
  }

  /** Full opacity, or none for the one colour that a file may name as transparent. */
  private int transparent(int[] row, int offset) {
    int[] color = samples.transparent();
    boolean hidden = color != null && Arrays.equals(row, offset, offset + colors, color, 0, colors);
    return hidden ? 0 : samples.max();
  }

  private static byte onWhite(int value, int alpha, int max) {
    long composed = (long) value * alpha + (long) max * (max - alpha);
    long full = (long) max * max;
    return (byte) ((composed * 255 + full / 2) / full);
  }

  /** A profile that is unknown, broken or made for other samples is ignored, as browsers do. */
  private static @Nullable ColorConvertOp conversion(byte @Nullable [] icc, int colors) {
    if (icc == null || isSrgb(icc)) {
      return null;
    }
    try {
      ICC_Profile profile = ICC_Profile.getInstance(icc);
      int space = profile.getColorSpaceType();
      boolean fits = colors == 1 ? space == ColorSpace.TYPE_GRAY : space == ColorSpace.TYPE_RGB;
      if (!fits || profile.getNumComponents() != colors) {
        return null;
      }
      ICC_Profile srgb = ICC_Profile.getInstance(ColorSpace.CS_sRGB);
      ColorConvertOp op = new ColorConvertOp(new ICC_Profile[] {profile, srgb}, null);
      op.filter(rowRaster(new byte[colors], 1, colors), rowRaster(new byte[3], 1, 3));
      return op;
    } catch (IllegalArgumentException | CMMException e) {
      return null;
    }
  }

  /** Most pictures carry some edition of sRGB; converting those would only cost rounding. */
  private static boolean isSrgb(byte[] icc) {
    int descriptions = Math.min(icc.length, 4096);
    String head = new String(icc, 0, descriptions, StandardCharsets.ISO_8859_1);
    return head.contains("sRGB IEC61966-2") || head.contains("s\0R\0G\0B\0 \0I\0E\0C\0");
  }

  private static WritableRaster rowRaster(byte[] row, int width, int bands) {
    int[] offsets = bands == 1 ? new int[] {0} : new int[] {0, 1, 2};
    return Raster.createInterleavedRaster(
        new DataBufferByte(row, row.length), width, 1, bands * width, bands, offsets, null);
  }
}
