package io.diptych.generation.web;

import io.diptych.generation.GeneratedImage;
import io.diptych.generation.Generation;
import io.diptych.generation.Generations;
import io.diptych.http.access.RequiresScope;
import io.diptych.http.access.Scope;
import io.diptych.http.access.Tenant;
import io.diptych.http.openapi.FileRead;
import io.diptych.http.openapi.PartialRead;
import io.diptych.http.openapi.Problems;
import io.diptych.http.problem.Problem;
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import io.diptych.role.ConditionalOnApi;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import java.util.UUID;
import org.springframework.core.io.Resource;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.WebRequest;

@RestController
@ConditionalOnApi
@Tag(name = "Generations")
class PicturesController {

  private final Generations generations;

  PicturesController(Generations generations) {
    this.generations = generations;
  }

  @GetMapping(path = "/generations/{id}/images/{index}", produces = MediaType.IMAGE_PNG_VALUE)
  @RequiresScope(Scope.JOBS_READ)
  @Operation(
      operationId = "downloadPicture",
      summary = "Download a picture",
      description =
          "A PNG that carries seed, prompt, decompositions and model in its text chunks. Its entity"
              + " tag is its SHA-256. Ranges are served.")
  @FileRead("The picture.")
  @PartialRead
  @Problems({
    ProblemType.ARTIFACT_NOT_READY,
    ProblemType.JOB_WITHOUT_RESULT,
    ProblemType.JOB_EXPIRED,
    ProblemType.RANGE_NOT_SATISFIABLE
  })
  ResponseEntity<Resource> image(
      Tenant tenant,
      @PathVariable UUID id,
      @PathVariable int index,
      @Parameter(hidden = true) WebRequest request) {
    Generation generation = generations.require(tenant.id(), id);
    List<GeneratedImage> images = Generations.pictures(generation);
    if (index < 0 || index >= images.size()) {
      throw ProblemException.notFound("picture", index);
    }
    GeneratedImage image = images.get(index);
    if (!generations.isKept(generation, image)) {
      throw new ProblemException(
          Problem.of(ProblemType.JOB_EXPIRED, "The picture has been removed.").withJob(id));
    }
    return PictureFile.of(generations, generation, image).answer(request);
  }
}
