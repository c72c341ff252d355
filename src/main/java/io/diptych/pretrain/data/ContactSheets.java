package io.diptych.pretrain.data;

import io.diptych.pretrain.data.paint.Backdrop;
import io.diptych.pretrain.data.paint.Picture;
import io.diptych.pretrain.data.paint.Scene;
import io.diptych.pretrain.data.paint.Sprite;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;

/** Sheets of small pictures for the eye: what the sets, styles and places look like. */
final class ContactSheets {

  private final Recipe recipe;
  private final Things things;
  private final ArtLibrary library;

  ContactSheets(Recipe recipe, Things things, ArtLibrary library) {
    this.recipe = recipe;
    this.things = things;
    this.library = library;
  }

  /**
   * Writes {@code sets-*.png}, {@code styles.png}, {@code overview.png}, {@code places.png} and
   * {@code samples.png}.
   */
  void write(Path directory) {
    try {
      Files.createDirectories(directory);
      int perSheet = 48;
      List<Thing> all = things.all();
      for (int from = 0; from < all.size(); from += perSheet) {
        sets(all.subList(from, Math.min(all.size(), from + perSheet)))
            .save(directory.resolve("sets-" + from / perSheet + ".png").toFile());
      }
      styles().save(directory.resolve("styles.png").toFile());
      overview().save(directory.resolve("overview.png").toFile());
      places().save(directory.resolve("places.png").toFile());
      samples().save(directory.resolve("samples.png").toFile());
    } catch (IOException e) {
      throw new DatasetException("Cannot write contact sheets to " + directory + ".", e);
    }
  }

  /** One column a thing, one row a set, every drawing on white. */
  private Sheet sets(List<Thing> some) {
    List<EmojiSet> sets = EmojiSet.drawn();
    Sheet sheet = new Sheet(some.size(), sets.size(), recipe.size());
    for (int column = 0; column < some.size(); column++) {
      for (int row = 0; row < sets.size(); row++) {
        List<String> drawings = things.drawings(some.get(column), sets.get(row));
        @Nullable Sprite sprite =
            drawings.isEmpty() ? null : library.sprite(sets.get(row), drawings.get(0));
        if (sprite != null) {
          sheet.put(column, row, scene(sprite, new Backdrop.White(), 5).picture());
        }
      }
    }
    return sheet;
  }

  /** One row a style; a few things, first on white, then in places. */
  private Sheet styles() {
    List<Thing> some = some("fox", "car", "house", "apple", "penguin", "guitar");
    Style[] styles = Style.values();
    Sheet sheet = new Sheet(some.size() * 2, styles.length, recipe.size());
    for (int row = 0; row < styles.length; row++) {
      for (int column = 0; column < some.size() * 2; column++) {
        Thing thing = some.get(column / 2);
        Backdrop backdrop = column % 2 == 0 ? new Backdrop.White() : place(column / 2 * 2 + 1);
        put(sheet, column, row, thing, styles[row], backdrop, 31L * row + column);
      }
    }
    return sheet;
  }

  /** Ten styles a row: above one thing on white, below another in a place. */
  private Sheet overview() {
    List<Thing> some = some("car", "panda");
    Style[] styles = Style.values();
    Sheet sheet = new Sheet(10, 2 * ((styles.length + 9) / 10), recipe.size());
    for (int n = 0; n < styles.length; n++) {
      put(sheet, n % 10, n / 10 * 2, some.get(0), styles[n], new Backdrop.White(), n);
      put(sheet, n % 10, n / 10 * 2 + 1, some.get(1), styles[n], place(n), n + 100L);
    }
    return sheet;
  }

  private static Backdrop place(int n) {
    return Backdrop.Place.values()[n % Backdrop.Place.values().length];
  }

  private List<Thing> some(String... names) {
    List<Thing> some = new ArrayList<>();
    for (String name : names) {
      some.add(
          things.all().stream()
              .filter(thing -> thing.name().equals(name))
              .findFirst()
              .orElse(things.all().get(some.size())));
    }
    return some;
  }

  private void put(
      Sheet sheet, int column, int row, Thing thing, Style style, Backdrop backdrop, long seed) {
    List<EmojiSet> sources = style.sources(thing);
    if (sources.isEmpty()) {
      return;
    }
    EmojiSet set = sources.get((int) (seed % sources.size()));
    @Nullable Sprite sprite = library.sprite(set, things.drawings(thing, set).get(0));
    if (sprite != null) {
      SplittableRandom random = new SplittableRandom(seed);
      Scene scene =
          Scene.compose(
              sprite, backdrop, style.inkOnly(), recipe.size() * Recipe.OVERSAMPLING, random);
      sheet.put(column, row, style.filter().paint(scene, random));
    }
  }

  /** One column a backdrop, five variations. */
  private Sheet places() {
    List<Backdrop> backdrops = Backdrop.all();
    Sheet sheet = new Sheet(backdrops.size(), 5, recipe.size());
    for (int column = 0; column < backdrops.size(); column++) {
      for (int row = 0; row < 5; row++) {
        Thing thing = things.all().get((column * 5 + row) * 7 % things.all().size());
        EmojiSet set = thing.sets().get(row % thing.sets().size());
        @Nullable Sprite sprite = library.sprite(set, things.drawings(thing, set).get(0));
        if (sprite != null) {
          sheet.put(
              column, row, scene(sprite, backdrops.get(column), 100L * column + row).picture());
        }
      }
    }
    return sheet;
  }

  /** The first pictures of the training split. */
  private Sheet samples() {
    Sheet sheet = new Sheet(16, 12, recipe.size());
    for (int i = 0; i < 16 * 12; i++) {
      sheet.put(i % 16, i / 16, recipe.paint(Split.TRAIN, i).rgb());
    }
    return sheet;
  }

  private Scene scene(Sprite sprite, Backdrop backdrop, long seed) {
    return Scene.compose(
        sprite, backdrop, false, recipe.size() * Recipe.OVERSAMPLING, new SplittableRandom(seed));
  }

  /** A grid of pictures with thin white lines between. */
  private static final class Sheet {
    private static final int GAP = 2;
    private final BufferedImage image;
    private final int cell;

    Sheet(int columns, int rows, int cell) {
      this.cell = cell;
      this.image =
          new BufferedImage(
              columns * (cell + GAP), rows * (cell + GAP), BufferedImage.TYPE_INT_RGB);
      for (int y = 0; y < image.getHeight(); y++) {
        for (int x = 0; x < image.getWidth(); x++) {
          image.setRGB(x, y, 0xFFFFFF);
        }
      }
    }

    void put(int column, int row, Picture picture) {
      put(column, row, picture.shrunk(Recipe.OVERSAMPLING).toRgb());
    }

    void put(int column, int row, byte[] rgb) {
      for (int i = 0; i < cell * cell; i++) {
        int pixel =
            (coarse(rgb[3 * i]) << 16) | (coarse(rgb[3 * i + 1]) << 8) | coarse(rgb[3 * i + 2]);
        image.setRGB(column * (cell + GAP) + i % cell, row * (cell + GAP) + i / cell, pixel);
      }
    }

    /** 64 levels of 256: a third fewer bytes in the PNG, and the eye sees no difference. */
    private static int coarse(byte level) {
      int kept = (level & 255) >> 2;
      return (kept << 2) | (kept >> 4);
    }

    void save(File file) throws IOException {
      ImageIO.write(image, "png", file);
    }
  }
}
