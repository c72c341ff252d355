package io.diptych.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.image.ContactSheet.Picture;
import io.diptych.image.ContactSheet.Row;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.util.List;
import org.junit.jupiter.api.Test;

class ContactSheetTest {

  @Test
  void everyPictureHasItsPlace() {
    Picture wide = new Picture(Samples.quarters(), "source");
    Picture large = new Picture(square(400, Color.BLUE), "a caption that is too long for one line");

    BufferedImage sheet =
        new ContactSheet(96).draw(List.of(new Row("Content", List.of(wide, large)), row(large)));

    assertThat(sheet.getWidth()).isEqualTo(16 + 2 * (96 + 16));
    assertThat(new Color(sheet.getRGB(16 + 96 + 16 + 48, 16 + 20 + 48))).isEqualTo(Color.BLUE);
    assertThat(new Color(sheet.getRGB(2, 2))).isEqualTo(Color.WHITE);
  }

  @Test
  void rowsMayHaveDifferentLengths() {
    Picture picture = new Picture(square(32, Color.RED), "");

    BufferedImage sheet =
        new ContactSheet(64).draw(List.of(row(picture), row(picture, picture, picture)));

    assertThat(sheet.getWidth()).isEqualTo(16 + 3 * (64 + 16));
  }

  @Test
  void aSheetOfNothingIsRefused() {
    assertThatThrownBy(() -> new ContactSheet(64).draw(List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static Row row(Picture... pictures) {
    return new Row("", List.of(pictures));
  }

  private static BufferedImage square(int side, Color color) {
    BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
    var graphics = image.createGraphics();
    graphics.setColor(color);
    graphics.fillRect(0, 0, side, side);
    graphics.dispose();
    return image;
  }
}
