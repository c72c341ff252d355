package io.diptych.decomposition.web;

import io.diptych.artifact.BlobStore;
import io.diptych.artifact.StoredBlob;
import io.diptych.decomposition.ConceptImport;
import io.diptych.decomposition.ConceptShelf;
import io.diptych.decomposition.Decompositions;
import io.diptych.http.Download;
import io.diptych.http.access.RequiresScope;
import io.diptych.http.access.Scope;
import io.diptych.http.access.Tenant;
import io.diptych.http.openapi.Problems;
import io.diptych.http.problem.ProblemType;
import io.diptych.role.ConditionalOnApi;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.headers.Header;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.constraints.Size;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.InputStreamResource;
import org.springframework.core.io.Resource;
import org.springframework.http.CacheControl;
import org.springframework.http.ContentDisposition;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.WebRequest;

@RestController
@ConditionalOnApi
@Tag(name = "Decompositions")
class ArtifactsController {

  /** An artifact never changes under its address. */
  private static final CacheControl UNCHANGING =
      CacheControl.maxAge(Duration.ofHours(1)).cachePrivate().immutable();

  private final ConceptShelf shelf;
  private final ConceptImport imports;
  private final Decompositions decompositions;
  private final BlobStore store;

  ArtifactsController(
      ConceptShelf shelf, ConceptImport imports, Decompositions decompositions, BlobStore store) {
    this.shelf = shelf;
    this.imports = imports;
    this.decompositions = decompositions;
    this.store = store;
  }

  @GetMapping(
      path = "/decompositions/{id}/artifact",
      produces = MediaType.APPLICATION_OCTET_STREAM_VALUE)
  @RequiresScope(Scope.JOBS_READ)
  @Operation(
      operationId = "downloadArtifact",
      summary = "Download the artifact",
      description =
          "A safetensors file: learned rows, memories, projectors, and in its header how they were"
              + " learned. `Range` is honoured.")
  @Problems({
    ProblemType.ARTIFACT_NOT_READY,
    ProblemType.JOB_WITHOUT_RESULT,
    ProblemType.JOB_EXPIRED
  })
  ResponseEntity<Resource> artifact(Tenant tenant, @PathVariable UUID id, WebRequest request) {
    return download(
            shelf.artifact(tenant.id(), id),
            ContentDisposition.attachment().filename(id + ".safetensors").build(),
            UNCHANGING)
        .answer(request);
  }

  @GetMapping(path = "/decompositions/{id}/previews/{step}", produces = MediaType.IMAGE_PNG_VALUE)
  @RequiresScope(Scope.JOBS_READ)
  @Operation(
      operationId = "readPreview",
      summary = "Look at a preview",
      description = "What the concepts together gave after that step.")
  @Problems(ProblemType.JOB_EXPIRED)
  ResponseEntity<Resource> preview(
      Tenant tenant, @PathVariable UUID id, @PathVariable int step, WebRequest request) {
    return download(
            shelf.preview(tenant.id(), id, step),
            ContentDisposition.inline().filename(id + "-" + step + ".png").build(),
            CacheControl.noCache().cachePrivate())
        .answer(request);
  }

  private Download download(
      StoredBlob file, ContentDisposition disposition, CacheControl cacheControl) {
    return new Download(
        file.key().sha256(), file.bytes(), disposition, cacheControl, () -> store.open(file.key()));
  }

  @PutMapping(
      path = "/artifacts",
      consumes = MediaType.APPLICATION_OCTET_STREAM_VALUE,
      produces = MediaType.APPLICATION_JSON_VALUE)
  @RequiresScope(Scope.DECOMPOSE_WRITE)
  @Operation(
      operationId = "importArtifact",
      summary = "Import an artifact",
      description =
          "Takes a file that was downloaded from this service or another one with the same model,"
              + " checks every tensor, and makes a decomposition of it that has succeeded. The same"
              + " file again gives the same decomposition.")
  @ApiResponse(
      responseCode = "201",
      description = "It is a new decomposition.",
      headers =
          @Header(
              name = "Location",
              description = "Address of the decomposition.",
              schema = @Schema(type = "string")),
      useReturnTypeSchema = true)
  @ApiResponse(
      responseCode = "200",
      description = "The tenant has this artifact already.",
      headers =
          @Header(
              name = "Location",
              description = "Address of the decomposition.",
              schema = @Schema(type = "string")),
      useReturnTypeSchema = true)
  @Problems({
    ProblemType.INVALID_ARTIFACT,
    ProblemType.INCOMPATIBLE_ARTIFACT,
    ProblemType.QUEUE_FULL
  })
  ResponseEntity<DecompositionView> put(
      Tenant tenant,
      @io.swagger.v3.oas.annotations.parameters.RequestBody(
              description = "A safetensors file.",
              required = true,
              content =
                  @Content(
                      mediaType = MediaType.APPLICATION_OCTET_STREAM_VALUE,
                      schema = @Schema(type = "string", format = "binary")))
          @RequestBody
          InputStreamResource file,
      @Parameter(description = "The caller's own name for it.")
          @RequestParam(name = "reference", required = false)
          @Size(max = 200, message = "has more than 200 characters")
          @Nullable String reference)
      throws IOException {
    ConceptImport.Imported imported = imports.take(tenant.id(), file.getInputStream(), reference);
    URI location = URI.create(DecompositionView.address(imported.id()));
    return (imported.created()
            ? ResponseEntity.created(location)
            : ResponseEntity.ok().location(location))
        .body(DecompositionView.of(decompositions.require(tenant.id(), imported.id())));
  }
}
