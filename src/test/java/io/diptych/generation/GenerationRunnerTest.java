package io.diptych.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyList;
import static org.mockito.ArgumentMatchers.anyString;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.diptych.artifact.BlobKey;
import io.diptych.artifact.BlobKind;
import io.diptych.artifact.BlobStore;
import io.diptych.artifact.StoredBlob;
import io.diptych.decomposition.Concepts;
import io.diptych.engine.Backbone;
import io.diptych.engine.BackboneInfo;
import io.diptych.engine.CheckedRequest;
import io.diptych.engine.EngineException;
import io.diptych.engine.GenerationRequest;
import io.diptych.engine.Sampling;
import io.diptych.image.ProvenanceMarker;
import io.diptych.job.ClaimedJob;
import io.diptych.job.JobKind;
import io.diptych.model.Models;
import io.diptych.worker.BatchRunner;
import io.diptych.worker.JobOutcome;
import java.awt.image.BufferedImage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class GenerationRunnerTest {

  private final List<Integer> forwards = new ArrayList<>();
  private final Backbone backbone = mock(Backbone.class);

  @Test
  void picturesForWhichThereIsNoRoomTogetherAreMadeInHalves() {
    JobOutcome outcome = run(5, 2);

    assertThat(forwards).as("tried").containsExactly(5, 2, 3, 1, 2);
    assertThat(outcome)
        .isInstanceOfSatisfying(
            JobOutcome.Succeeded.class,
            made -> {
              assertThat(made.result().value().get("images"))
                  .extracting(image -> image.get("index").asInt())
                  .containsExactly(0, 1, 2, 3, 4);
              assertThat(made.result().value().get("determinism").get("batchSize").asInt())
                  .isEqualTo(2);
            });
  }

  @Test
  void aPictureForWhichThereIsNoRoomAloneFailsTheRun() {
    assertThatThrownBy(() -> run(4, 0))
        .isInstanceOfSatisfying(
            EngineException.class,
            told -> assertThat(told.kind()).isEqualTo(EngineException.Kind.OUT_OF_MEMORY));
    assertThat(forwards).containsExactly(4, 2, 1);
  }

  /**
   * @param room how many pictures the device has room for
   */
  private JobOutcome run(int count, int room) {
    when(backbone.info())
        .thenReturn(new BackboneInfo("small", "digest", 16, List.of(1, 2), "MIT", "gpu0", 1));
    when(backbone.check(any()))
        .thenAnswer(call -> new Checked(call.getArgument(0, GenerationRequest.class)));
    when(backbone.generate(anyList(), any()))
        .thenAnswer(
            call -> {
              int pictures = call.getArgument(0, List.class).size();
              forwards.add(pictures);
              if (pictures > room) {
                throw new EngineException(
                    EngineException.Kind.OUT_OF_MEMORY, "The device ran out of memory.");
              }
              return Collections.nCopies(
                  pictures, new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB));
            });
    Models models = mock(Models.class);
    when(models.planned(anyString(), anyString(), anyString())).thenReturn(backbone);
    BlobStore store = mock(BlobStore.class);
    when(store.put(any(), any(), any(byte[].class)))
        .thenAnswer(
            call ->
                new StoredBlob(
                    new BlobKey(call.getArgument(0), BlobKind.OUTPUT, "0".repeat(64)),
                    1,
                    Instant.EPOCH));
    ProvenanceMarker marker = mock(ProvenanceMarker.class);
    when(marker.mark(any(), any())).thenReturn(new byte[1]);
    GenerationRunner runner =
        new GenerationRunner(
            models,
            mock(Concepts.class),
            new ImageKeeper(store, marker),
            mock(GenerationLog.class),
            new GenerationSettings(8, 8),
            "Diptych");
    return runner.run(List.of(job(count)), new Unstopped()).get(0);
  }

  private static ClaimedJob job(int count) {
    GenerationOrder order =
        new GenerationOrder(
            "a fox", null, null, count, 1, Sampling.DEFAULT, "small", "digest", false, null);
    return new ClaimedJob(
        UUID.randomUUID(),
        JobKind.GENERATION,
        "alice",
        order.toJson(),
        Map.of(),
        "digest",
        null,
        1,
        1,
        0,
        null,
        null);
  }

  private record Checked(GenerationRequest request) implements CheckedRequest {
    @Override
    public CheckedRequest ofImage(int index) {
      return new Checked(request.ofImage(index));
    }
  }

  private static final class Unstopped implements BatchRunner.Control {
    @Override
    public String device() {
      return "gpu0";
    }

    @Override
    public boolean stopRequested(UUID job) {
      return false;
    }

    @Override
    public void forward(int pictures) {
      // Told to the meters alone.
    }
  }
}
