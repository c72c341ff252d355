package io.diptych.pretrain.data.paint;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BackdropTest {

  private final Sprite sprite = FiltersTest.sprite();

  @Test
  void thereAreTenPlacesOrMoreAndEveryBackdropHasItsOwnName() {
    assertThat(Backdrop.Place.values()).hasSizeGreaterThanOrEqualTo(10);
    assertThat(Backdrop.all()).extracting(Backdrop::id).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @EnumSource(Backdrop.Place.class)
  void aPlaceVariesWithTheSeedAndOnlyWithTheSeed(Backdrop.Place place) {
    byte[] first = place.paint(64, sprite, new SplittableRandom(1)).toRgb();
    assertThat(place.paint(64, sprite, new SplittableRandom(1)).toRgb()).isEqualTo(first);
    assertThat(place.paint(64, sprite, new SplittableRandom(2)).toRgb()).isNotEqualTo(first);
  }

  @Test
  void aboutFourInTenBackdropsArePlain() {
    Map<String, Integer> counts = new HashMap<>();
    SplittableRandom random = new SplittableRandom(5);
    int plain = 0;
    int all = 6000;
    for (int i = 0; i < all; i++) {
      Backdrop backdrop = Backdrop.pick(sprite, false, random);
      counts.merge(backdrop.id(), 1, Integer::sum);
      plain += backdrop instanceof Backdrop.Place ? 0 : 1;
    }
    System.out.printf("plain backdrops: %.3f, %d different%n", (double) plain / all, counts.size());
    assertThat((double) plain / all).isBetween(0.37, 0.43);
  }

  @Test
  void aPlainColourIsNotTheColourOfTheSubject() {
    SplittableRandom random = new SplittableRandom(6);
    for (int i = 0; i < 2000; i++) {
      if (Backdrop.pick(sprite, false, random) instanceof Backdrop.Plain plain) {
        assertThat(plain.contrastTo(sprite)).isGreaterThan(0.25);
      }
    }
  }

  @Test
  void inkStaysOnWhiteOrGrey() {
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 500; i++) {
      assertThat(Backdrop.pick(sprite, true, random)).isNotInstanceOf(Backdrop.Plain.class);
    }
    Picture picture = Scene.compose(inkSprite(), Backdrop.Place.SUNSET, true, 64, random).picture();
    for (int i = 0; i < picture.r.length; i++) {
      assertThat(Math.abs(picture.r[i] - picture.b[i])).isLessThan(0.01f);
    }
  }

  @Test
  void theSubjectIsWholeAndCoversAboutHalfToNineTenthsOfTheSide() {
    for (int seed = 0; seed < 200; seed++) {
      Scene scene =
          Scene.compose(
              sprite,
              Backdrop.all().get(seed % Backdrop.all().size()),
              false,
              128,
              new SplittableRandom(seed));
      int left = 128;
      int right = -1;
      int top = 128;
      int bottom = -1;
      for (int i = 0; i < scene.mask().length; i++) {
        if (scene.mask()[i] > 0.05f) {
          left = Math.min(left, i % 128);
          right = Math.max(right, i % 128);
          top = Math.min(top, i / 128);
          bottom = Math.max(bottom, i / 128);
        }
      }
      double share = Math.max(right - left + 1, bottom - top + 1) / 128.0;
      assertThat(share).isBetween(0.45, 0.9);
      double ratio = (double) (right - left + 1) / (bottom - top + 1);
      assertThat(ratio)
          .isCloseTo(
              (double) sprite.width() / sprite.height(), org.assertj.core.data.Offset.offset(0.06));
    }
  }

  private static Sprite inkSprite() {
    BufferedImage image = new BufferedImage(50, 50, BufferedImage.TYPE_INT_ARGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(Color.BLACK);
    graphics.fillOval(5, 5, 40, 40);
    graphics.dispose();
    return Sprite.cutFrom(image);
  }
}
