package io.diptych.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.engine.EngineException;
import io.diptych.engine.csd.WordNetSubConcepts;
import io.diptych.engine.weights.ModelSource.Verification;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelsTest {

  private Models models;

  @BeforeEach
  void open(@TempDir Path cache) {
    models =
        new Models(
            new ModelSettings(
                Map.of("renamed", "classpath:/models/pocket/"),
                "renamed",
                List.of(),
                cache,
                null,
                Verification.ONCE),
            new WordNetSubConcepts());
  }

  @AfterEach
  void close() {
    models.close();
  }

  @Test
  void aJobRunsOnTheModelItWasPlannedForWhateverItsNameIsNow() {
    String digest = models.manifest("renamed").digest();

    assertThat(models.planned("old", digest, "cpu").info().digest()).isEqualTo(digest);
  }

  @Test
  void aJobPlannedForAModelThatIsGoneIsRefusedBeforeAnythingIsLoaded() {
    assertThatThrownBy(() -> models.planned("renamed", "0".repeat(64), "cpu"))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.MODEL_UNAVAILABLE))
        .hasMessageContaining("renamed");
    assertThat(models.isLoaded("renamed", "cpu")).isFalse();
  }

  @Test
  void aLaneCanRunEveryModelOnceTheStandardOneIsThere() {
    assertThat(models.capacity("cpu").able()).isFalse();

    models.backbone(null, "cpu");

    assertThat(models.capacity("cpu").able()).isTrue();
    assertThat(models.capacity("cpu").models()).isEqualTo(models.digests());
    assertThat(models.capacity("cuda:0").able()).isFalse();
  }
}
