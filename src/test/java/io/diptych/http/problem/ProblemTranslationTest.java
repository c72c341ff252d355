package io.diptych.http.problem;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.web.multipart.MultipartException;

class ProblemTranslationTest {

  private final ProblemTranslation translation = new ProblemTranslation(List.of());

  @Test
  void aFullDiskIsNotTheCallersFault() {
    IOException full = new FileSystemException("/tmp/x", null, "No space left on device");

    for (Throwable failure :
        List.of(
            new MultipartException("Failed to parse multipart servlet request", full),
            new UncheckedIOException(full),
            full)) {
      ProblemTranslation.Answer answer = translation.translate(failure);
      assertThat(answer.problem().type()).isEqualTo(ProblemType.UNAVAILABLE);
      assertThat(answer.headers().getFirst("Retry-After")).isNotNull();
    }
    assertThat(
            translation
                .translate(new MultipartException("torn", new IOException("Stream ended")))
                .problem()
                .type())
        .isEqualTo(ProblemType.MALFORMED_REQUEST);
  }
}
