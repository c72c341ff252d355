package io.diptych.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class JobStateTest {

  /** Written out a second time on purpose: a change of the table has to be meant. */
  private static final Map<JobState, Set<JobState>> LEGAL =
      Map.of(
          JobState.QUEUED,
          EnumSet.of(JobState.RUNNING, JobState.CANCELED, JobState.EXPIRED),
          JobState.RUNNING,
          EnumSet.of(
              JobState.QUEUED,
              JobState.CANCEL_REQUESTED,
              JobState.SUCCEEDED,
              JobState.FAILED,
              JobState.EXPIRED),
          JobState.CANCEL_REQUESTED,
          EnumSet.of(JobState.CANCELED),
          JobState.SUCCEEDED,
          EnumSet.noneOf(JobState.class),
          JobState.FAILED,
          EnumSet.of(JobState.QUEUED),
          JobState.CANCELED,
          EnumSet.of(JobState.QUEUED),
          JobState.EXPIRED,
          EnumSet.of(JobState.QUEUED));

  @ParameterizedTest
  @EnumSource
  void everyPairOfStatesIsLegalOrNotAsWritten(JobState from) {
    for (JobState to : JobState.values()) {
      assertThat(from.mayBecome(to))
          .as("%s to %s", from, to)
          .isEqualTo(LEGAL.get(from).contains(to));
      assertThat(to.before().contains(from)).as("before %s", to).isEqualTo(from.mayBecome(to));
    }
  }

  @Test
  void nothingLeavesAFinalStateExceptByARetry() {
    for (JobState state : JobState.values()) {
      if (state.isFinal()) {
        assertThat(LEGAL.get(state)).isSubsetOf(JobState.QUEUED);
      }
    }
  }

  @Test
  void theDocumentationShowsTheTable() throws IOException {
    String diagram = JobState.mermaid();
    System.out.println(diagram);
    assertThat(Files.readString(Path.of("docs/jobs.md"))).contains(diagram);
  }

  @Test
  void aHeldJobIsNeverFinal() {
    assertThat(List.of(JobState.values()))
        .filteredOn(JobState::isHeld)
        .containsExactly(JobState.RUNNING, JobState.CANCEL_REQUESTED)
        .noneMatch(JobState::isFinal);
  }
}
