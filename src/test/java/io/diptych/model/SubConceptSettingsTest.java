package io.diptych.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.engine.csd.LanguageModelSubConcepts;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class SubConceptSettingsTest {

  @Test
  void anEmptyKeyIsNone() {
    SubConceptSettings settings =
        new SubConceptSettings(
            URI.create("http://localhost:1/v1"),
            "any",
            "",
            Duration.ofSeconds(1),
            1,
            Duration.ofSeconds(1));

    assertThat(settings.source()).isInstanceOf(LanguageModelSubConcepts.class);
  }
}
