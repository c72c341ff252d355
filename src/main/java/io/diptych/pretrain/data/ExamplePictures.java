package io.diptych.pretrain.data;

import io.diptych.pretrain.data.paint.Backdrop;
import io.diptych.pretrain.data.paint.Picture;
import io.diptych.pretrain.data.paint.Scene;
import io.diptych.pretrain.data.paint.Sprite;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;

/** Single pictures to order, as PNG files: for examples. */
final class ExamplePictures {

  /** How an order is written. */
  static final String FORM = "THING,STYLE,BACKDROP,SET";

  private final Recipe recipe;
  private final Recipe.Art art;

  ExamplePictures(Recipe recipe, Recipe.Art art) {
    this.recipe = recipe;
    this.art = art;
  }

  /**
   * An order with everything found.
   *
   * @param text as it was written
   */
  private record Order(String text, Style style, Backdrop backdrop, Sprite sprite, Path file) {}

  /**
   * Paints and writes every picture. The same order with the same seed and size gives the same
   * pixels, whatever else is ordered.
   *
   * @param orders files by what they show, in {@link #FORM}: {@code fox,watercolor,forest,noto}
   * @throws DatasetException when an order names something unknown; nothing is written then
   */
  void write(Map<String, Path> orders) {
    List<Order> found = new ArrayList<>();
    orders.forEach((text, file) -> found.add(order(text, file)));
    found.forEach(this::write);
  }

  private Order order(String text, Path file) {
    String[] names = text.split(",", -1);
    if (names.length != 4) {
      throw new DatasetException(
          "--picture "
              + text
              + ": write "
              + FORM
              + "=FILE, as in fox,watercolor,forest,noto=f.png.");
    }
    Thing thing = named(text, "thing", recipe.things(), Thing::name, names[0]);
    Style style = named(text, "style", List.of(Style.values()), Style::id, names[1]);
    Backdrop backdrop = named(text, "backdrop", Backdrop.all(), Backdrop::id, names[2]);
    // The sets that draw this thing and that this style can start from.
    EmojiSet set = named(text, "set", style.sources(thing), EmojiSet::id, names[3]);
    @Nullable Sprite sprite = art.sprite(set, art.drawings(thing, set).get(0));
    if (sprite == null) {
      throw new DatasetException("--picture " + text + ": this drawing cannot be rendered.");
    }
    return new Order(text, style, backdrop, sprite, file);
  }

  private static <T> T named(
      String order, String what, Collection<T> all, Function<T, String> name, String wanted) {
    return all.stream()
        .filter(one -> name.apply(one).equals(wanted))
        .findFirst()
        .orElseThrow(
            () ->
                new DatasetException(
                    "--picture %s: there is no %s %s here, but: %s."
                        .formatted(
                            order,
                            what,
                            wanted,
                            all.stream().map(name).collect(Collectors.joining(", ")))));
  }

  private void write(Order order) {
    RandomGenerator random =
        new SplittableRandom(Split.hash(recipe.seed() + "|picture|" + order.text()));
    Scene scene =
        Scene.compose(
            order.sprite(),
            order.backdrop(),
            order.style().inkOnly(),
            recipe.size() * Recipe.OVERSAMPLING,
            random);
    Picture picture = order.style().filter().paint(scene, random).shrunk(Recipe.OVERSAMPLING);
    Path file = order.file().toAbsolutePath();
    Path part = file.resolveSibling(file.getFileName() + ".part");
    try {
      Files.createDirectories(file.getParent());
      ImageIO.write(image(picture), "png", part.toFile());
      Files.move(part, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new DatasetException("Cannot write " + order.file() + ".", e);
    }
  }

  private static BufferedImage image(Picture picture) {
    int side = picture.side();
    byte[] rgb = picture.toRgb();
    BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < side * side; i++) {
      int pixel = (rgb[3 * i] & 255) << 16 | (rgb[3 * i + 1] & 255) << 8 | rgb[3 * i + 2] & 255;
      image.setRGB(i % side, i / side, pixel);
    }
    return image;
  }
}
