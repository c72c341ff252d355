package io.diptych.image;

import com.twelvemonkeys.imageio.plugins.jpeg.JPEGImageReaderSpi;
import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;
import java.io.IOException;
import java.util.Iterator;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadProgressListener;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;

/** Decodes a cleaned picture with the reader of its format, under a guard. */
final class PictureDecoder {

  static {
    // The registry finds plug-ins through the class loader of whichever thread asks first.
    IIORegistry registry = IIORegistry.getDefaultInstance();
    registry.registerServiceProvider(new JPEGImageReaderSpi(), ImageReaderSpi.class);
    registry.registerServiceProvider(new WebPImageReaderSpi(), ImageReaderSpi.class);
    ImageIO.setUseCache(false);
  }

  private PictureDecoder() {}

  /**
   * @return raw samples, laid out as {@link ScannedImage#samples()} says
   */
  static Raster decode(ScannedImage image, DecodeGuard guard) {
    ImageReader reader = reader(image.format());
    try (GuardedInput input = new GuardedInput(image, guard)) {
      Watcher watcher = new Watcher(guard);
      reader.addIIOReadWarningListener((source, warning) -> watcher.warned(warning));
      reader.addIIOReadProgressListener(watcher);
      reader.setInput(input, true, true);
      if (reader.getWidth(0) != image.width() || reader.getHeight(0) != image.height()) {
        throw ImageRefusedException.damaged("header and decoder disagree about its size");
      }
      Raster pixels = read(reader, image, guard);
      guard.check();
      watcher.refuseDamage();
      return pixels;
    } catch (IOException | RuntimeException e) {
      if (e instanceof ImageRefusedException refused) {
        throw refused;
      }
      // Some readers wrap what ends them, and then it looks like damage.
      guard.check();
      if (e.getCause() instanceof OutOfMemoryError exhausted) {
        throw exhausted;
      }
      // Readers answer hostile input with exceptions of every kind.
      throw new ImageRefusedException(
          ImageRefusedException.Reason.DAMAGED,
          "The image is damaged: its pixels cannot be decoded. Nothing was stored; send an intact"
              + " file.",
          e);
    } finally {
      reader.dispose();
    }
  }

  private static Raster read(ImageReader reader, ScannedImage image, DecodeGuard guard)
      throws IOException {
    if (image.format() != SourceFormat.WEBP) {
      return reader.read(0).getRaster();
    }
    int bands = image.samples().bands();
    int[] order = bands == 4 ? new int[] {0, 1, 2, 3} : new int[] {0, 1, 2};
    PixelInterleavedSampleModel layout =
        new PixelInterleavedSampleModel(
            DataBuffer.TYPE_BYTE,
            image.width(),
            image.height(),
            bands,
            bands * image.width(),
            order);
    DataBufferByte data = new DataBufferByte(bands * image.width() * image.height());
    ColorModel colors =
        new ComponentColorModel(
            ColorSpace.getInstance(ColorSpace.CS_sRGB),
            bands == 4,
            false,
            bands == 4 ? ColorModel.TRANSLUCENT : ColorModel.OPAQUE,
            DataBuffer.TYPE_BYTE);
    ImageReadParam param = reader.getDefaultReadParam();
    param.setDestination(
        new BufferedImage(colors, new GuardedRaster(layout, data, guard), false, null));
    reader.read(0, param);
    return Raster.createRaster(layout, data, null);
  }

  private static ImageReader reader(SourceFormat format) {
    Iterator<ImageReader> readers =
        ImageIO.getImageReadersByFormatName(format.name().toLowerCase(Locale.ROOT));
    if (!readers.hasNext()) {
      throw new IllegalStateException("No image reader for " + format + " on the class path");
    }
    return readers.next();
  }

  /** Stops the native JPEG decoder, and hears what it puts up with. */
  private static final class Watcher implements IIOReadProgressListener {

    private final DecodeGuard guard;
    private boolean damaged;

    Watcher(DecodeGuard guard) {
      this.guard = guard;
    }

    /** The JPEG decoder fills what is missing with gray and says so in passing. */
    void warned(String warning) {
      String text = warning.toLowerCase(Locale.ROOT);
      damaged |=
          text.contains("premature end")
              || text.contains("bad huffman code")
              || text.contains("truncated file")
              || text.contains("missing eoi");
    }

    void refuseDamage() {
      if (damaged) {
        throw ImageRefusedException.damaged("part of its pixels is missing");
      }
    }

    @Override
    public void imageProgress(ImageReader source, float percentageDone) {
      // A thrown exception would have to cross native frames; abort() is made for this place.
      if (guard.expired()) {
        source.abort();
      }
    }

    @Override
    public void sequenceStarted(ImageReader source, int minIndex) {}

    @Override
    public void sequenceComplete(ImageReader source) {}

    @Override
    public void imageStarted(ImageReader source, int imageIndex) {}

    @Override
    public void imageComplete(ImageReader source) {}

    @Override
    public void thumbnailStarted(ImageReader source, int imageIndex, int thumbnailIndex) {}

    @Override
    public void thumbnailProgress(ImageReader source, float percentageDone) {}

    @Override
    public void thumbnailComplete(ImageReader source) {}

    @Override
    public void readAborted(ImageReader source) {}
  }
}
