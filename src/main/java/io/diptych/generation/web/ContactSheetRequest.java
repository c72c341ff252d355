package io.diptych.generation.web;

import io.diptych.generation.ContactSheets;
import io.diptych.http.problem.FieldError;
import io.diptych.http.problem.ProblemException;
import io.swagger.v3.oas.annotations.media.Schema;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The body of {@code POST /contact-sheets}. */
record ContactSheetRequest(
    @Schema(description = "Longer side of every picture, in pixels.", defaultValue = "192")
        @Min(value = 64, message = "must be from 64 to 256")
        @Max(value = 256, message = "must be from 64 to 256")
        @Nullable Integer cellSide,
    @NotNull(message = "is missing") @Size(min = 1, max = 12, message = "must have 1 to 12 rows")
        List<@NotNull(message = "is missing") @Valid Row> rows) {

  private static final int USUAL_SIDE = 192;

  @Schema(name = "ContactSheetRow")
  record Row(
      @Schema(description = "Above the row; none when left out.")
          @Size(max = 120, message = "has more than 120 characters")
          @Nullable String title,
      @NotNull(message = "is missing")
          @Size(min = 1, max = 8, message = "must have 1 to 8 pictures")
          List<@NotNull(message = "is missing") @Valid Cell> pictures) {}

  @Schema(
      name = "ContactSheetPicture",
      description = "A picture of `generation`, or the one that `decomposition` was given.")
  record Cell(
      @Nullable UUID generation,
      @Schema(description = "Which picture of the generation, from 0.", defaultValue = "0")
          @Min(value = 0, message = "must not be negative")
          @Nullable Integer index,
      @Nullable UUID decomposition,
      @Schema(description = "Below the picture, on at most two lines.")
          @Size(max = 200, message = "has more than 200 characters")
          @Nullable String caption) {

    private ContactSheets.Cell toCell(String pointer) {
      if ((generation == null) == (decomposition == null)) {
        throw ProblemException.invalid(
            FieldError.at(pointer, "must name either a generation or a decomposition"));
      }
      if (generation == null && index != null) {
        throw ProblemException.invalid(
            FieldError.at(pointer + "/index", "goes with a generation alone"));
      }
      String text = Objects.requireNonNullElse(caption, "");
      return generation == null
          ? new ContactSheets.Uploaded(Objects.requireNonNull(decomposition), text)
          : new ContactSheets.Generated(generation, index == null ? 0 : index, text);
    }
  }

  int cellSideOrUsual() {
    return cellSide == null ? USUAL_SIDE : cellSide;
  }

  List<ContactSheets.Row> toRows() {
    List<ContactSheets.Row> all = new ArrayList<>();
    for (int r = 0; r < rows.size(); r++) {
      Row row = rows.get(r);
      List<ContactSheets.Cell> cells = new ArrayList<>();
      for (int c = 0; c < row.pictures().size(); c++) {
        cells.add(row.pictures().get(c).toCell("/rows/" + r + "/pictures/" + c));
      }
      all.add(new ContactSheets.Row(Objects.requireNonNullElse(row.title(), ""), cells));
    }
    return all;
  }
}
