package io.diptych.decomposition;

import io.diptych.decomposition.DecompositionRequest.MemoryChoice;
import io.diptych.decomposition.DecompositionRequest.RectificationChoice;
import io.diptych.engine.ConceptMetadata;
import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.DecompositionOptions.Memory;
import io.diptych.engine.DecompositionOptions.Rectification;
import io.diptych.engine.csd.SubConcepts;
import io.diptych.engine.weights.ModelManifest;
import io.diptych.http.problem.FieldError;
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import io.diptych.model.Models;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Turns a request into a plan, or refuses it with every value that is wrong. */
final class Planner {

  private static final String CONTENT_WORD = "contentWord";
  private static final String STYLE_WORD = "styleWord";

  private final Models models;
  private final Estimator estimator;
  private final RandomGenerator seeds;

  Planner(Models models, Estimator estimator, RandomGenerator seeds) {
    this.models = models;
    this.estimator = estimator;
    this.seeds = seeds;
  }

  /** Digests of the models that plans can be made for. */
  Set<String> models() {
    return models.digests();
  }

  Estimate estimate(Plan plan) {
    return estimator.of(plan, models.manifest(plan.backbone()));
  }

  /**
   * @throws ProblemException {@code validation}, with a pointer to each wrong value
   */
  Plan plan(DecompositionRequest request) {
    String name = request.backbone() == null ? models.standard() : request.backbone();
    if (!models.names().contains(name)) {
      throw ProblemException.invalid(
          FieldError.at("/backbone", "must be one of " + String.join(", ", models.names())));
    }
    ModelManifest manifest = models.manifest(name);
    DecompositionOptions options = options(request, manifest);
    List<FieldError> errors = new ArrayList<>();
    for (DecompositionOptions.Fault fault : options.faults(manifest.switti().depth())) {
      errors.add(FieldError.at("/" + fault.option().replace('.', '/'), fault.detail()));
    }
    if (!manifest.offers(options.profile())) {
      errors.add(
          FieldError.at("/profile", "is not for " + name + ", whose scales were not measured"));
    }
    Rectification rectification = options.rectification();
    if (rectification != null) {
      checkSubject(options.contentWord(), errors);
      checkSubConcepts(rectification, errors);
    }
    if (!errors.isEmpty()) {
      throw ProblemException.invalid(errors.toArray(FieldError[]::new));
    }
    List<String> chosen = new ArrayList<>();
    if (request.contentWord() == null) {
      chosen.add(CONTENT_WORD);
    }
    if (request.styleWord() == null) {
      chosen.add(STYLE_WORD);
    }
    return new Plan(name, manifest.digest(), options, chosen, request.reference());
  }

  /**
   * The plan that an imported concept was learned by.
   *
   * @throws ProblemException {@code incompatible-artifact} when its model is not served here
   */
  Plan imported(ConceptMetadata metadata, @Nullable String reference) {
    String model =
        models.nameOf(metadata.backboneDigest()).orElseThrow(() -> unknownModel(metadata));
    return new Plan(model, metadata.backboneDigest(), metadata.options(), List.of(), reference);
  }

  ModelManifest manifest(Plan plan) {
    return models.manifest(plan.backbone());
  }

  private ProblemException unknownModel(ConceptMetadata metadata) {
    return new ProblemException(
        ProblemType.INCOMPATIBLE_ARTIFACT,
        "The artifact was learned on a model of digest "
            + abbreviated(metadata.backboneDigest())
            + ", which is none of those served here: "
            + String.join(", ", models.names())
            + ".");
  }

  private static String abbreviated(String digest) {
    return digest.substring(0, Math.min(12, digest.length())).replaceAll("[^0-9a-zA-Z]", "?");
  }

  private DecompositionOptions options(DecompositionRequest request, ModelManifest manifest) {
    DecompositionOptions defaults =
        manifest
            .defaults()
            .decomposition()
            .toOptions(
                stripped(request.contentWord()),
                stripped(request.styleWord()),
                request.seed() == null ? seeds.nextLong(1L << 53) : request.seed());
    DecompositionOptions.Builder options =
        defaults.toBuilder()
            .memory(memory(request.memory(), defaults.memory()))
            .rectification(rectification(request.rectification(), defaults.rectification()));
    if (request.profile() != null) {
      options.profile(request.profile());
    }
    if (request.steps() != null) {
      options.steps(request.steps()).evaluatedStep(Math.max(1, request.steps()));
    }
    if (request.tokens() != null) {
      options.tokens(request.tokens());
    }
    return options.build();
  }

  private static @Nullable String stripped(@Nullable String word) {
    return word == null ? null : word.strip();
  }

  private static @Nullable Memory memory(@Nullable MemoryChoice choice, @Nullable Memory standard) {
    if (choice == null) {
      return standard;
    }
    if (!choice.on()) {
      return null;
    }
    Memory base = standard == null ? Memory.DEFAULT : standard;
    return new Memory(
        choice.blocks() == null ? base.blocks() : choice.blocks(),
        choice.pairs() == null ? base.pairs() : choice.pairs());
  }

  private static @Nullable Rectification rectification(
      @Nullable RectificationChoice choice, @Nullable Rectification standard) {
    if (choice == null) {
      return standard;
    }
    if (!choice.on()) {
      return null;
    }
    Rectification base = standard == null ? Rectification.DEFAULT : standard;
    return new Rectification(
        choice.rank() == null ? base.rank() : choice.rank(),
        choice.subConcepts() == null ? base.subConcepts() : choice.subConcepts(),
        base.space());
  }

  /** What the sub-concepts of rectification are looked up by. */
  private static void checkSubject(@Nullable String contentWord, List<FieldError> errors) {
    if (contentWord != null && !contentWord.isBlank() && !SubConcepts.isSubject(contentWord)) {
      errors.add(
          FieldError.at(
              "/contentWord",
              "must hold a letter or a digit and at most "
                  + SubConcepts.LONGEST_SUBJECT
                  + " characters, or rectification be off"));
    }
  }

  private static void checkSubConcepts(Rectification rectification, List<FieldError> errors) {
    String pointer = "/rectification/subConcepts";
    List<String> lines = rectification.subConcepts();
    if (lines.isEmpty()) {
      if (rectification.rank() > SubConcepts.SURE_LINES) {
        errors.add(
            FieldError.at(
                "/rectification/rank",
                "is "
                    + rectification.rank()
                    + ", but only "
                    + SubConcepts.SURE_LINES
                    + " different sub-concepts are found for any subject; give a list of your"
                    + " own"));
      }
      return;
    }
    if (lines.size() > SubConcepts.MOST_LINES) {
      errors.add(
          FieldError.at(pointer, "has more than " + SubConcepts.MOST_LINES + " descriptions"));
    }
    for (int i = 0; i < Math.min(lines.size(), SubConcepts.MOST_LINES); i++) {
      String line = lines.get(i);
      if (line == null || line.isBlank() || line.length() > SubConcepts.LONGEST_LINE) {
        errors.add(
            FieldError.at(
                pointer + "/" + i, "must have 1 to " + SubConcepts.LONGEST_LINE + " characters"));
      } else if (line.strip().chars().anyMatch(Character::isISOControl)) {
        errors.add(
            FieldError.at(pointer + "/" + i, "holds a line break or another control character"));
      }
    }
    long distinct = lines.stream().filter(Objects::nonNull).map(String::strip).distinct().count();
    if (rectification.rank() > distinct) {
      errors.add(
          FieldError.at(
              "/rectification/rank",
              "is "
                  + rectification.rank()
                  + ", but there are only "
                  + distinct
                  + " different sub-concepts to span it"));
    }
  }
}
