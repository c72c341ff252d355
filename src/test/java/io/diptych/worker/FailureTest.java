package io.diptych.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.diptych.engine.weights.ModelSource;
import io.diptych.job.FailureReason;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FailureTest {

  @Test
  void theOwnerIsNotToldWhereTheFilesOfAModelLie(@TempDir Path folder) {
    Throwable missing =
        catchThrowable(
            () -> ModelSource.open(folder.toString(), ModelSource.Settings.offline(folder)));
    assertThat(missing).hasMessageContaining(folder.toString());

    Failure failure = Failure.of(missing);

    assertThat(failure.reason()).isEqualTo(FailureReason.MODEL_UNAVAILABLE);
    assertThat(failure.message()).contains("model").doesNotContain("/");
  }
}
