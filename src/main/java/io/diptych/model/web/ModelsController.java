package io.diptych.model.web;

import io.diptych.http.access.RequiresScope;
import io.diptych.http.access.Scope;
import io.diptych.http.problem.ProblemException;
import io.diptych.model.Models;
import io.diptych.role.ConditionalOnApi;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
@ConditionalOnApi
@RequestMapping(path = "/models", produces = MediaType.APPLICATION_JSON_VALUE)
@RequiresScope(Scope.JOBS_READ)
@Tag(name = "Models", description = "What can decompose and generate here.")
class ModelsController {

  private final Models models;

  ModelsController(Models models) {
    this.models = models;
  }

  /** All models. */
  record ModelList(List<ModelView> items) {}

  @GetMapping
  @Operation(operationId = "listModels", summary = "List the models", description = "By name.")
  ModelList list() {
    return new ModelList(models.names().stream().map(this::view).toList());
  }

  @GetMapping("/{name}")
  @Operation(operationId = "readModel", summary = "Read a model")
  ModelView get(@PathVariable String name) {
    if (!models.names().contains(name)) {
      throw ProblemException.notFound("model", name);
    }
    return view(name);
  }

  private ModelView view(String name) {
    return ModelView.of(name, name.equals(models.standard()), models.manifest(name));
  }
}
