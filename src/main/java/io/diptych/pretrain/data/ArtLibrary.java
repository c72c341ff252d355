package io.diptych.pretrain.data;

import com.github.weisj.jsvg.SVGDocument;
import com.github.weisj.jsvg.parser.LoaderContext;
import com.github.weisj.jsvg.parser.SVGLoader;
import com.github.weisj.jsvg.renderer.SVGRenderingHints;
import com.github.weisj.jsvg.view.ViewBox;
import io.diptych.pretrain.data.paint.Sprite;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.ref.SoftReference;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;

/**
 * The drawings of the sets, rendered once each to a master sprite.
 *
 * <p>A drawing that cannot be rendered, or comes out empty, is no drawing: it is counted with its
 * reason and left out.
 */
final class ArtLibrary {

  private final Map<EmojiSet, IconSet> collections;
  private final Path images;
  private final int masterSide;
  private final Map<String, SoftReference<Sprite>> sprites = new ConcurrentHashMap<>();
  private final Map<String, String> failures = new ConcurrentHashMap<>();

  /**
   * @param masterSide pixels along the longer side of a rendered drawing before it is cut
   */
  ArtLibrary(Map<EmojiSet, IconSet> collections, Path images, int masterSide) {
    this.collections = new EnumMap<>(collections);
    this.images = images;
    this.masterSide = masterSide;
  }

  /** The drawing, or null when it cannot be rendered. */
  @Nullable Sprite sprite(EmojiSet set, String name) {
    String key = set.id() + "/" + name;
    if (failures.containsKey(key)) {
      return null;
    }
    @Nullable SoftReference<Sprite> kept = sprites.get(key);
    @Nullable Sprite sprite = kept == null ? null : kept.get();
    if (sprite != null) {
      return sprite;
    }
    try {
      Sprite rendered = Sprite.cutFrom(set == EmojiSet.FLUENT_3D ? image(name) : vector(set, name));
      sprites.put(key, new SoftReference<>(rendered));
      return rendered;
    } catch (IOException | RuntimeException | StackOverflowError e) {
      failures.put(key, e.getClass().getSimpleName() + ": " + e.getMessage());
      return null;
    }
  }

  /** Drawings that failed so far, with the reason, in alphabetical order. */
  Map<String, String> failures() {
    return new TreeMap<>(failures);
  }

  private BufferedImage image(String name) throws IOException {
    @Nullable BufferedImage image =
        ImageIO.read(images.resolve("assets").resolve(name + ".webp").toFile());
    if (image == null) {
      throw new IOException("no decoder took the image");
    }
    return image;
  }

  private BufferedImage vector(EmojiSet set, String name) throws IOException {
    @Nullable IconSet collection = collections.get(set);
    @Nullable String svg = collection == null ? null : collection.svg(name);
    if (svg == null) {
      throw new IOException("the collection has no such icon");
    }
    @Nullable SVGDocument document =
        new SVGLoader()
            .load(
                new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)),
                (URI) null,
                LoaderContext.createDefault());
    if (document == null) {
      throw new IOException("the SVG cannot be parsed");
    }
    double width = document.size().width;
    double height = document.size().height;
    double scale = masterSide / Math.max(width, height);
    int w = (int) Math.round(width * scale);
    int h = (int) Math.round(height * scale);
    BufferedImage image = new BufferedImage(w, h, BufferedImage.TYPE_INT_ARGB);
    Graphics2D graphics = image.createGraphics();
    for (Map.Entry<RenderingHints.Key, Object> hint : HINTS.entrySet()) {
      graphics.setRenderingHint(hint.getKey(), hint.getValue());
    }
    document.render(null, graphics, new ViewBox(0, 0, w, h));
    graphics.dispose();
    return image;
  }

  private static final Map<RenderingHints.Key, Object> HINTS =
      Map.of(
          RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON,
          RenderingHints.KEY_RENDERING, RenderingHints.VALUE_RENDER_QUALITY,
          RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE,
          SVGRenderingHints.KEY_SOFT_CLIPPING, SVGRenderingHints.VALUE_SOFT_CLIPPING_ON,
          SVGRenderingHints.KEY_MASK_CLIP_RENDERING,
              SVGRenderingHints.VALUE_MASK_CLIP_RENDERING_ACCURACY);

  static Map<EmojiSet, IconSet> readCollections(NpmPackages packages) {
    Map<EmojiSet, IconSet> collections = new EnumMap<>(EmojiSet.class);
    for (EmojiSet set : List.of(EmojiSet.values())) {
      if (set.kind() == EmojiSet.Kind.ICONIFY) {
        collections.put(set, IconSet.read(packages.directory(set)));
      }
    }
    return collections;
  }
}
