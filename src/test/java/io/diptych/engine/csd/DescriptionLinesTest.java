package io.diptych.engine.csd;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DescriptionLinesTest {

  @ParameterizedTest
  @CsvSource({
    "fox, A fox",
    "Arctic fox, An Arctic fox",
    "umbrella, An umbrella",
    "unimportant thing, An unimportant thing",
    "undersized cat, An undersized cat",
    "unicorn, A unicorn",
    "uniform, A uniform",
    "European wildcat, A European wildcat",
    "one-armed bandit, A one-armed bandit",
    "ukulele, A ukulele",
    "U-boat, A U-boat",
    "usual cat, A usual cat",
    "urn, An urn",
    "hourglass, An hourglass",
    "house, A house",
    "heirloom, An heirloom",
    "X-ray, An X-ray",
    "T-shirt, A T-shirt",
    "owl, An owl"
  })
  void theArticleFollowsTheSound(String description, String line) {
    assertThat(DescriptionLines.withArticle(description)).isEqualTo(line);
  }

  @ParameterizedTest
  @CsvSource({
    "Arctic fox, fox, An Arctic fox",
    "vixen, fox, A vixen fox",
    "wildcat, cat, A wildcat",
    "muscat grape, cat, A muscat grape",
    "kitty-cat, cat, A kitty-cat",
    "piece of cloth, piece, A piece of cloth",
    "black fox, red fox, A black fox",
    "scat, cat, A scat cat"
  })
  void theSubjectIsAddedUnlessTheVarietyNamesIt(String variety, String subject, String line) {
    assertThat(DescriptionLines.kind(variety, subject)).isEqualTo(line);
  }
}
