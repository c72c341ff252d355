package io.diptych.pretrain.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExamplePicturesTest {

  @TempDir private Path directory;

  private final DrawnShapes art = new DrawnShapes();
  private final Recipe recipe = new Recipe(DrawnShapes.things(2), art, 64, 1);
  private final ExamplePictures pictures = new ExamplePictures(recipe, art);

  private final Thing thing = recipe.things().get(0);
  private final String set = Style.WATERCOLOR.sources(thing).get(0).id();

  @Test
  void aPictureToOrderDoesNotDependOnTheOthers() throws IOException {
    Path alone = directory.resolve("new/alone.png");
    Path second = directory.resolve("second.png");
    Map<String, Path> both = new LinkedHashMap<>();
    both.put(order("woodcut", "white"), directory.resolve("first.png"));
    both.put(order("watercolor", "beach"), second);

    pictures.write(Map.of(order("watercolor", "beach"), alone));
    pictures.write(both);

    BufferedImage image = ImageIO.read(alone.toFile());
    assertThat(image.getWidth()).isEqualTo(64);
    assertThat(image.getHeight()).isEqualTo(64);
    assertThat(second).hasSameBinaryContentAs(alone);
    assertThat(Files.readAllBytes(directory.resolve("first.png")))
        .isNotEqualTo(Files.readAllBytes(second));
  }

  @Test
  void anUnknownNameIsRefusedBeforeAnythingIsWritten() {
    Map<String, Path> orders = new LinkedHashMap<>();
    orders.put(order("woodcut", "white"), directory.resolve("first.png"));
    orders.put(order("impasto", "white"), directory.resolve("second.png"));

    assertThatThrownBy(() -> pictures.write(orders))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("no style impasto")
        .hasMessageContaining("oil-painting");
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void anOrderWithoutItsFourPartsIsExplained() {
    assertThatThrownBy(() -> pictures.write(Map.of("fox", directory.resolve("fox.png"))))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("THING,STYLE,BACKDROP,SET=FILE");
  }

  private String order(String style, String backdrop) {
    return thing.name() + "," + style + "," + backdrop + "," + set;
  }
}
