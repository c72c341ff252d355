package io.diptych.generation;

import io.diptych.decomposition.Decompositions;
import io.diptych.http.problem.FieldError;
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import io.diptych.image.ContactSheet;
import io.diptych.image.FontMissingException;
import io.diptych.image.PngFile;
import io.diptych.image.ProvenanceMarker;
import io.diptych.image.SheetProvenance;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts pictures of a tenant onto one sheet: what generations made, and what decompositions were
 * given. Nothing is stored.
 */
public final class ContactSheets {

  private static final Logger log = LoggerFactory.getLogger(ContactSheets.class);

  /** A sheet of the largest size takes about 100 MB of heap while it is drawn. */
  private static final int AT_A_TIME = 2;

  private static final Duration LONGEST_WAIT = Duration.ofSeconds(20);

  private final Generations generations;
  private final Decompositions decompositions;
  private final ProvenanceMarker marker;
  private final String software;
  private final Semaphore places = new Semaphore(AT_A_TIME, true);

  ContactSheets(
      Generations generations,
      Decompositions decompositions,
      ProvenanceMarker marker,
      String software) {
    this.generations = generations;
    this.decompositions = decompositions;
    this.marker = marker;
    this.software = software;
  }

  /** A place on a sheet. */
  public sealed interface Cell {
    /** Below the picture; may be empty. */
    String caption();
  }

  /**
   * What a generation made.
   *
   * @param index which of its pictures, from 0
   */
  public record Generated(UUID generation, int index, String caption) implements Cell {}

  /** What a decomposition was given. */
  public record Uploaded(UUID decomposition, String caption) implements Cell {}

  /**
   * Cells that belong together.
   *
   * @param title above them; may be empty
   */
  public record Row(String title, List<Cell> cells) {

    public Row {
      cells = List.copyOf(cells);
    }
  }

  /** A cell whose picture was looked up but not read. */
  private record Found(Supplier<byte[]> png, String caption) {}

  /**
   * Draws a sheet. Every picture is looked up before the first one is read.
   *
   * @param cellSide longer side of every picture, in pixels
   * @param rows at least one, with at least one cell each
   * @return a PNG with marks
   * @throws ProblemException
   *     <ul>
   *       <li>{@code not-found} for an id that is not the tenant's
   *       <li>{@code validation} with a pointer to an index without a picture, or to a
   *           decomposition that was imported and so has none
   *       <li>{@code artifact-not-ready}, {@code job-without-result} or {@code job-expired} about a
   *           generation
   *       <li>{@code font-missing} when this machine cannot draw text
   *       <li>{@code unavailable} when too many sheets are being drawn
   *     </ul>
   */
  public byte[] draw(String tenant, int cellSide, List<Row> rows) {
    ContactSheet sheet = sheet(cellSide);
    List<List<Found>> found = new ArrayList<>();
    for (int r = 0; r < rows.size(); r++) {
      List<Found> row = new ArrayList<>();
      for (int c = 0; c < rows.get(r).cells().size(); c++) {
        row.add(find(tenant, rows.get(r).cells().get(c), "/rows/" + r + "/pictures/" + c));
      }
      found.add(row);
    }
    return marker.markSheet(takingAPlace(() -> draw(sheet, rows, found)), provenance(rows));
  }

  private static ContactSheet sheet(int cellSide) {
    try {
      return new ContactSheet(cellSide);
    } catch (FontMissingException e) {
      log.debug("Why there is no font", e);
      throw new ProblemException(
          ProblemType.FONT_MISSING,
          "A contact sheet has titles and captions, and this server has no font for them.");
    }
  }

  private Found find(String tenant, Cell cell, String pointer) {
    if (cell instanceof Uploaded upload) {
      return find(tenant, upload, pointer);
    }
    Generated generated = (Generated) cell;
    Generation generation = generations.require(tenant, generated.generation());
    List<GeneratedImage> images = Generations.pictures(generation);
    if (generated.index() >= images.size()) {
      throw ProblemException.invalid(
          FieldError.at(
              pointer + "/index",
              "must be less than " + images.size() + ", the number of pictures made"));
    }
    GeneratedImage image = images.get(generated.index());
    return new Found(() -> generations.read(generation, image), cell.caption());
  }

  private Found find(String tenant, Uploaded upload, String pointer) {
    UUID id = upload.decomposition();
    if (decompositions.require(tenant, id).picture() == null) {
      throw ProblemException.invalid(
          FieldError.at(
              pointer + "/decomposition", "was imported as an artifact, without a picture"));
    }
    return new Found(
        () ->
            decompositions
                .picture(tenant, id)
                .orElseThrow(() -> ProblemException.notFound("decomposition", id)),
        upload.caption());
  }

  private byte[] takingAPlace(Supplier<byte[]> work) {
    boolean taken = false;
    try {
      taken = places.tryAcquire(LONGEST_WAIT.toMillis(), TimeUnit.MILLISECONDS);
      if (!taken) {
        throw new ProblemException(
                ProblemType.UNAVAILABLE, "Too many contact sheets are being drawn.")
            .retryAfter(LONGEST_WAIT);
      }
      return work.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ProblemException(ProblemType.UNAVAILABLE, "The service is shutting down.");
    } finally {
      if (taken) {
        places.release();
      }
    }
  }

  /** One picture is read, decoded and shrunk after the other. */
  private static byte[] draw(ContactSheet sheet, List<Row> rows, List<List<Found>> found) {
    List<ContactSheet.Row> drawn = new ArrayList<>();
    for (int r = 0; r < rows.size(); r++) {
      drawn.add(
          new ContactSheet.Row(
              rows.get(r).title(),
              found.get(r).stream()
                  .map(cell -> sheet.picture(PngFile.decode(cell.png().get()), cell.caption()))
                  .toList()));
    }
    return PngFile.encode(sheet.draw(drawn));
  }

  private SheetProvenance provenance(List<Row> rows) {
    List<String> generated = new ArrayList<>();
    boolean uploads = false;
    for (Row row : rows) {
      for (Cell cell : row.cells()) {
        if (cell instanceof Generated picture) {
          generated.add(picture.generation() + "/" + picture.index());
        } else {
          uploads = true;
        }
      }
    }
    return new SheetProvenance(software, generated, uploads);
  }
}
