package io.diptych.http.problem.web;

import io.diptych.http.access.OpenToAll;
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import io.diptych.role.ConditionalOnApi;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.Arrays;
import java.util.List;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
@ConditionalOnApi
@RequestMapping(path = "/problems", produces = MediaType.APPLICATION_JSON_VALUE)
@OpenToAll
@Tag(name = "Problems", description = "Every way in which a request or a job can fail.")
class ProblemsController {

  /**
   * A type of problem.
   *
   * @param type the {@code type} of such a problem
   * @param title what happened
   * @param status HTTP status of such an answer
   * @param retryable whether the same request may succeed later
   * @param action what the caller can do
   */
  record ProblemDescription(
      ProblemType type, String title, int status, boolean retryable, String action) {

    static ProblemDescription of(ProblemType type) {
      return new ProblemDescription(
          type, type.title(), type.status(), type.retryable(), type.action());
    }
  }

  /** The whole catalogue. */
  record ProblemCatalogue(List<ProblemDescription> items) {}

  @GetMapping
  @Operation(operationId = "listProblems", summary = "List the types of problems")
  ProblemCatalogue list() {
    return new ProblemCatalogue(
        Arrays.stream(ProblemType.values()).map(ProblemDescription::of).toList());
  }

  @GetMapping("/{slug}")
  @Operation(operationId = "explainProblem", summary = "Explain a type of problem")
  ProblemDescription explain(@PathVariable String slug) {
    return ProblemType.ofSlug(slug)
        .map(ProblemDescription::of)
        .orElseThrow(() -> ProblemException.notFound("type of problem", slug));
  }
}
