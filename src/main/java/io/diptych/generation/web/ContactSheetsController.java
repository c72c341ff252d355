package io.diptych.generation.web;

import io.diptych.generation.ContactSheets;
import io.diptych.http.access.RequiresScope;
import io.diptych.http.access.Scope;
import io.diptych.http.access.Tenant;
import io.diptych.http.openapi.Problems;
import io.diptych.http.problem.ProblemType;
import io.diptych.role.ConditionalOnApi;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.Valid;
import org.springframework.http.ContentDisposition;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

@RestController
@ConditionalOnApi
@Tag(name = "Contact sheets", description = "Several pictures in one.")
class ContactSheetsController {

  private final ContactSheets sheets;

  ContactSheetsController(ContactSheets sheets) {
    this.sheets = sheets;
  }

  @PostMapping(
      path = "/contact-sheets",
      consumes = MediaType.APPLICATION_JSON_VALUE,
      produces = MediaType.IMAGE_PNG_VALUE)
  @RequiresScope(Scope.JOBS_READ)
  @Operation(
      operationId = "drawContactSheet",
      summary = "Draw a contact sheet",
      description =
          "Puts pictures that generations made, and pictures that decompositions were given, into"
              + " rows with titles and captions. Nothing is stored; the answer is the sheet.")
  @ApiResponse(
      responseCode = "200",
      description = "The sheet, a PNG that carries the digital source type.",
      content =
          @Content(
              mediaType = MediaType.IMAGE_PNG_VALUE,
              schema = @Schema(type = "string", format = "binary")))
  @Problems({
    ProblemType.NOT_FOUND,
    ProblemType.ARTIFACT_NOT_READY,
    ProblemType.JOB_WITHOUT_RESULT,
    ProblemType.JOB_EXPIRED,
    ProblemType.FONT_MISSING,
    ProblemType.UNAVAILABLE
  })
  ResponseEntity<byte[]> draw(Tenant tenant, @Valid @RequestBody ContactSheetRequest request) {
    byte[] sheet = sheets.draw(tenant.id(), request.cellSideOrUsual(), request.toRows());
    return ResponseEntity.ok()
        .contentType(MediaType.IMAGE_PNG)
        .header(HttpHeaders.CACHE_CONTROL, "private, no-store")
        .header(
            HttpHeaders.CONTENT_DISPOSITION,
            ContentDisposition.inline().filename("contact-sheet.png").build().toString())
        .body(sheet);
  }
}
