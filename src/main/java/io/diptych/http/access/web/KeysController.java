package io.diptych.http.access.web;

import io.diptych.http.access.ApiKey;
import io.diptych.http.access.ApiKeys;
import io.diptych.http.access.NewApiKey;
import io.diptych.http.access.RequiresScope;
import io.diptych.http.access.Scope;
import io.diptych.http.access.Tenant;
import io.diptych.http.problem.FieldError;
import io.diptych.http.problem.ProblemException;
import io.diptych.role.ConditionalOnApi;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Future;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
@ConditionalOnApi
@RequestMapping(path = "/admin/keys", produces = MediaType.APPLICATION_JSON_VALUE)
@RequiresScope(Scope.ADMIN)
@Tag(name = "API keys", description = "For operators.")
class KeysController {

  private final ApiKeys keys;

  KeysController(ApiKeys keys) {
    this.keys = keys;
  }

  /**
   * A key to be made.
   *
   * @param tenant for whom
   * @param name for people
   * @param scopes what it allows
   * @param expiresAt when it ends; never if absent
   */
  record ApiKeyRequest(
      @NotNull(message = "is missing") String tenant,
      @NotBlank(message = "is missing") @Size(max = 100, message = "has more than 100 characters")
          String name,
      @NotEmpty(message = "needs at least one scope") Set<@NotNull Scope> scopes,
      @Future(message = "is in the past") @Nullable Instant expiresAt) {}

  /** A tenant's keys. */
  record ApiKeyList(List<ApiKey> items) {}

  @PostMapping(consumes = MediaType.APPLICATION_JSON_VALUE)
  @ApiResponse(responseCode = "201", description = "The key, with its secret")
  @Operation(
      operationId = "createKey",
      summary = "Make an API key",
      description = "The secret is in this answer and in no other.")
  ResponseEntity<NewApiKey> create(@Valid @RequestBody ApiKeyRequest request) {
    if (!Tenant.isValid(request.tenant())) {
      throw ProblemException.invalid(
          FieldError.at(
              "/tenant", "must be 1 to 64 letters, digits, dots, hyphens or underscores"));
    }
    NewApiKey made =
        keys.create(
            new Tenant(request.tenant()), request.name(), request.scopes(), request.expiresAt());
    return ResponseEntity.created(URI.create("/admin/keys/" + made.key().id())).body(made);
  }

  @GetMapping
  @Operation(operationId = "listKeys", summary = "List a tenant's API keys")
  ApiKeyList list(@RequestParam String tenant) {
    return new ApiKeyList(Tenant.isValid(tenant) ? keys.list(new Tenant(tenant)) : List.of());
  }

  @DeleteMapping("/{id}")
  @ApiResponse(responseCode = "204", description = "The key opens nothing any more")
  @Operation(
      operationId = "revokeKey",
      summary = "Revoke an API key",
      description = "At once and for good.")
  ResponseEntity<Void> revoke(@PathVariable String id) {
    if (!keys.revoke(id)) {
      throw ProblemException.notFound("API key", id);
    }
    return ResponseEntity.noContent().build();
  }
}
