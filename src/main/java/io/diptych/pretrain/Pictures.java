package io.diptych.pretrain;

import io.diptych.pretrain.data.Dataset;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;

/** Pictures as planes and on sheets. */
final class Pictures {

  private Pictures() {}

  /**
   * Demands pictures of a VQ-VAE's own size: a larger one would be read as several small ones.
   *
   * @param resolution pixels along one side of what the VQ-VAE takes
   * @throws PretrainException when the data set's are of another size
   */
  static void requireSize(Dataset data, int resolution) {
    if (data.imageSize() != resolution) {
      throw new PretrainException(
          "The data set has pictures of "
              + data.imageSize()
              + " px, the VQ-VAE takes "
              + resolution
              + " px. Name a data set made with --size "
              + resolution
              + ", or a VQ-VAE for "
              + data.imageSize()
              + " px: the last of sides, doubled for every entry of channelMultipliers but one.");
    }
  }

  /** (B, 3, S, S) in [-1, 1] of the pictures with these indices. */
  static float[] planes(Dataset data, int[] index, boolean[] mirrored) {
    int elements = 3 * data.imageSize() * data.imageSize();
    float[] planes = new float[index.length * elements];
    for (int i = 0; i < index.length; i++) {
      Dataset.toPlanes(data.get(index[i]).rgb(), planes, i * elements, mirrored[i]);
    }
    return planes;
  }

  /** (B, 3, S, S) in [-1, 1] of {@code count} pictures in a row. */
  static float[] planes(Dataset data, int from, int count) {
    int[] index = new int[count];
    for (int i = 0; i < count; i++) {
      index[i] = from + i;
    }
    return planes(data, index, new boolean[count]);
  }

  /** (B, 3, S, S) in [-1, 1] of pictures of one size. */
  static float[] planes(List<BufferedImage> pictures) {
    int side = pictures.get(0).getWidth();
    float[] planes = new float[pictures.size() * 3 * side * side];
    int at = 0;
    for (BufferedImage picture : pictures) {
      int[] rgb = picture.getRGB(0, 0, side, side, null, 0, side);
      for (int shift = 16; shift >= 0; shift -= 8) {
        for (int pixel : rgb) {
          planes[at++] = (pixel >> shift & 255) / 127.5f - 1;
        }
      }
    }
    return planes;
  }

  /** Pictures of planes (B, 3, S, S) in [-1, 1]. */
  static List<BufferedImage> of(float[] planes, int side) {
    int pixels = side * side;
    List<BufferedImage> pictures = new ArrayList<>();
    for (int from = 0; from < planes.length; from += 3 * pixels) {
      BufferedImage picture = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
      for (int i = 0; i < pixels; i++) {
        picture.setRGB(
            i % side,
            i / side,
            level(planes[from + i]) << 16
                | level(planes[from + pixels + i]) << 8
                | level(planes[from + 2 * pixels + i]));
      }
      pictures.add(picture);
    }
    return pictures;
  }

  private static int level(float value) {
    return Math.max(0, Math.min(255, (int) ((value + 1) * 127.5f + 0.5f)));
  }

  /** All pictures in rows on one. */
  static BufferedImage sheet(List<BufferedImage> pictures, int columns) {
    int side = pictures.get(0).getWidth();
    int rows = (pictures.size() + columns - 1) / columns;
    BufferedImage sheet =
        new BufferedImage(columns * side, rows * side, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = sheet.createGraphics();
    for (int i = 0; i < pictures.size(); i++) {
      graphics.drawImage(pictures.get(i), i % columns * side, i / columns * side, null);
    }
    graphics.dispose();
    return sheet;
  }

  /** Writes a PNG; it appears complete or not at all. */
  static void write(BufferedImage picture, Path file) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    Path part = file.resolveSibling(file.getFileName() + ".part");
    ImageIO.write(picture, "png", part.toFile());
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Peak signal-to-noise ratio in dB of each picture, for values in [-1, 1]. */
  static double[] psnr(float[] original, float[] copy, int pictures) {
    double[] psnr = new double[pictures];
    for (int i = 0; i < pictures; i++) {
      psnr[i] = -10 * Math.log10(error(original, copy, i, pictures));
    }
    return psnr;
  }

  /** Mean squared error of picture {@code i} on the scale from 0 to 1. */
  static double error(float[] original, float[] copy, int i, int pictures) {
    int elements = original.length / pictures;
    double sum = 0;
    for (int j = i * elements; j < (i + 1) * elements; j++) {
      double difference = (original[j] - copy[j]) / 2;
      sum += difference * difference;
    }
    return sum / elements;
  }
}
