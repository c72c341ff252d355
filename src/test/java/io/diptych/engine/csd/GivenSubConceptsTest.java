package io.diptych.engine.csd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.engine.EngineException;
import io.diptych.engine.csd.SubConceptList.Source;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class GivenSubConceptsTest {

  @Test
  void linesAreTrimmedAndKeptInOrderWithRepeats() {
    SubConceptList given =
        new GivenSubConcepts(List.of("  A red fox ", "A kit fox", "A red fox"))
            .of("fox", LinesWanted.upTo(200));

    assertThat(given.lines()).containsExactly("A red fox", "A kit fox", "A red fox");
    assertThat(given.source()).isEqualTo(Source.GIVEN);
    assertThat(given.origin()).isEqualTo("3 lines given by the caller");
    assertThat(given.fallbackReason()).isNull();
  }

  @Test
  void anEmptyListIsRefused() {
    assertRefused(List.of(), "The list of sub-concepts is empty");
  }

  @Test
  void anEmptyLineIsRefusedByItsNumber() {
    assertRefused(List.of("A red fox", " \t "), "Sub-concept 2 is empty");
  }

  @Test
  void aLineThatIsTooLongIsRefusedByItsNumber() {
    assertRefused(List.of("A fox", "x".repeat(201)), "Sub-concept 2 has 201 characters");
  }

  @Test
  void aLineBreakInsideALineIsRefused() {
    assertRefused(List.of("A fox\nA cat"), "Sub-concept 1 holds a line break");
  }

  @Test
  void tooManyLinesAreRefused() {
    assertRefused(Collections.nCopies(501, "A fox"), "501 sub-concepts; at most 500");
  }

  @Test
  void moreLinesThanWantedAreRefusedAndNotCutOff() {
    SubConcepts given = new GivenSubConcepts(List.of("A red fox", "A kit fox"));

    assertThatThrownBy(() -> given.of("fox", LinesWanted.upTo(1)))
        .isInstanceOf(EngineException.class)
        .hasMessage("There are 2 sub-concepts; at most 1 are wanted.");
  }

  private static void assertRefused(List<String> lines, String message) {
    assertThatThrownBy(() -> new GivenSubConcepts(lines))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.INVALID_OPTIONS))
        .hasMessageContaining(message);
  }
}
