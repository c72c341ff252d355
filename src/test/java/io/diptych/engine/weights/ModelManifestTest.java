package io.diptych.engine.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.EngineException;
import io.diptych.engine.Sampling;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelManifestTest {

  static final String SAMPLE =
      """
      {
        "name": "sample",
        "licence": "Apache-2.0",
        "resolution": 144,
        "scales": [1, 2, 3, 4, 6, 9],
        "vqvae": {"channels": 32, "channelMultipliers": [1, 1, 2, 2, 4], "residualBlocks": 2,
                  "zChannels": 32, "vocabulary": 256},
        "switti": {"depth": 2, "width": 128, "heads": 2, "textWidth": 144, "pooledWidth": 80,
                   "ropeTheta": 10000, "ropeSize": 128, "causal": true, "cropCondition": true},
        "textEncoders": [
          {"kind": "clip", "layers": 3, "width": 64, "heads": 4, "feedForward": 256, "vocabulary": 128,
           "positions": 77, "maximumTokens": 77, "activation": "quick_gelu",
           "layerNormEpsilon": 1e-5, "projectionWidth": 0},
          {"kind": "clip", "layers": 2, "width": 80, "heads": 5, "feedForward": 320, "vocabulary": 128,
           "positions": 77, "maximumTokens": 77, "activation": "gelu",
           "layerNormEpsilon": 1e-5, "projectionWidth": 0}],
        "files": {
          "vqvae": [{"path": "vqvae.safetensors"}],
          "switti": [{"path": "switti-ar.safetensors"}],
          "text.0": [{"path": "clip-text-quick_gelu.safetensors"}],
          "text.1": [{"path": "clip-text-gelu.safetensors"}]
        },
        "defaults": {"sampling": {"guidanceScale": 4, "topK": 200}, "decomposition": {"profile": "paper"}}
      }
      """;

  @Test
  void aManifestIsReadWithItsDigest() {
    ModelManifest manifest = read(SAMPLE);
    assertThat(manifest.name()).isEqualTo("sample");
    assertThat(manifest.vqvae().channelMultipliers()).containsExactly(1, 1, 2, 2, 4);
    assertThat(manifest.vqvae().grain()).isZero();
    assertThat(manifest.vqvae().drawnLevels()).isZero();
    assertThat(manifest.switti().causal()).isTrue();
    assertThat(manifest.textEncoders()).hasSize(2);
    assertThat(manifest.digest())
        .matches("[0-9a-f]{64}")
        .isNotEqualTo(read(SAMPLE.replace("Apache-2.0", "MIT")).digest());
  }

  @Test
  void whatTheDefaultsLeaveOpenIsAsInTheOfficialCode() {
    ModelManifest.Defaults defaults = read(SAMPLE).defaults();
    Sampling sampling = defaults.sampling().toSampling();
    assertThat(sampling.guidanceScale()).isEqualTo(4);
    assertThat(sampling.topK()).isEqualTo(200);
    assertThat(sampling.topP()).isEqualTo(0.95);
    assertThat(sampling.guidanceToScale()).isEqualTo(Sampling.OFF);
    DecompositionOptions options = defaults.decomposition().toOptions("fox", "rainbow", 7);
    DecompositionOptions official = DecompositionOptions.of("fox", "rainbow", 7);
    assertThat(options.profile()).isEqualTo(DecompositionOptions.Profile.PAPER);
    assertThat(options).usingRecursiveComparison().ignoringFields("profile").isEqualTo(official);
  }

  @Test
  void aModelMayHaveItsOwnOptimiserAndStops() {
    String own =
        "\"profile\": \"paper\", \"steps\": 60, \"optimiser\": {\"alpha\": 0.2, \"learningRate\": 0.03,"
            + " \"warmUpSteps\": 10, \"weightDecay\": 0, \"clipNorm\": 1, \"conditionDropout\": 0}";
    DecompositionOptions options =
        read(SAMPLE.replace("\"profile\": \"paper\"", own))
            .defaults()
            .decomposition()
            .toOptions("fox", "rainbow", 7);
    assertThat(options.steps()).isEqualTo(60);
    assertThat(options.evaluatedStep()).isEqualTo(60);
    assertThat(options.optimiser())
        .isEqualTo(new DecompositionOptions.Optimiser(0.2, 0.03, 10, 0, 1, 0));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"name\": \"sample\", | | name is missing",
        "\"sample\" | \"../etc\" | is not simple",
        "\"resolution\": 144 | \"resolution\": 128 | is not the resolution 128",
        "[1, 2, 3, 4, 6, 9] | [1, 2, 2, 4, 6, 9] | do not grow",
        "[1, 2, 3, 4, 6, 9] | [2, 3, 4, 6, 9] | begin with a single token",
        "[1, 2, 3, 4, 6, 9] | [1] | two or more",
        "\"projectionWidth\": 0}] | \"projectionWidth\": 1}] | neither 0 nor its width 80",
        "\"zChannels\" | \"drawnLevels\": 5, \"zChannels\" | drawnLevels is not from 0 to",
        "\"zChannels\" | \"grain\": -1, \"zChannels\" | grain is negative",
        "\"depth\": 2 | \"depth\": 0 | at switti, switti sizes must be positive",
        "\"depth\": 2, | | at switti.depth, the value is missing",
        "\"depth\": 2 | \"depht\": 2, \"depth\": 2 | depht",
        "\"width\": 128 | \"width\": 130 | does not give 2 heads",
        "\"textWidth\": 144 | \"textWidth\": 145 | the text encoders together give 144",
        "\"pooledWidth\": 80 | \"pooledWidth\": 64 | the last text encoder gives 80",
        "\"quick_gelu\" | \"relu\" | at textEncoders[0].activation",
        "\"maximumTokens\": 77 | \"maximumTokens\": 78 | more than the 77 positions",
        "\"vqvae.safetensors\" | \"../vqvae.safetensors\" | not a plain relative path",
        "\"vqvae.safetensors\" | \"a.safetensors\", \"from\": \"http://x\" | neither classpath: nor hub:",
        "\"vqvae.safetensors\" | \"a.safetensors\", \"sha256\": \"12\" | not 64 hex digits",
        "\"text.1\" | \"text.2\" | no files are given for text.1",
        "\"licence\" | \"digest\": \"x\", \"licence\" | without a digest",
        "\"profile\": \"paper\" | \"profile\": \"measured\" | there are no scaleWeights",
        "\"topK\": 200 | \"topP\": 5 | defaults.sampling cannot be used: topP must be from 0 to 1",
        "\"topK\": 200 | \"guidanceFromScale\": 7 | guidanceFromScale must be from 0 to 6",
        "\"profile\" | \"memoryBlocks\": [2], \"profile\" | memoryBlocks is 2 but must be from 0 to 1",
        "\"profile\" | \"rank\": 0, \"profile\" | defaults.decomposition cannot be used: rank is 0",
        "\"profile\" | \"steps\": 9, \"evaluatedStep\": 10, \"profile\" | evaluatedStep is 10",
        "\"files\" | \"scaleWeights\": {\"content\": [1], \"style\": [1]}, \"files\" | each of the 6 scales",
        "\"files\" | \"vocabulary\": {\"content\": [\"a\", \"a\"], \"style\": []}, \"files\" | names a word twice",
        "\"files\" | \"vocabulary\": {\"content\": [\" \"], \"style\": []}, \"files\" | has empty words",
        "\"licence\" | \"licence\": \"x\", \"licence\" | Duplicate",
      })
  void aManifestThatIsNotConsistentIsRefused(String from, String to, String message) {
    assertThatThrownBy(() -> read(SAMPLE.replaceFirst(Pattern.quote(from), to == null ? "" : to)))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.MODEL_UNAVAILABLE))
        .hasMessageStartingWith("The manifest sample/model.json is not valid: ")
        .hasMessageContaining(message);
  }

  @Test
  void wordsAndWeightsOfScalesAreRead() {
    ModelManifest plain = read(SAMPLE);
    assertThat(plain.vocabulary().content()).isEmpty();
    assertThat(plain.offers(DecompositionOptions.Profile.MEASURED)).isFalse();
    assertThat(plain.offers(DecompositionOptions.Profile.PAPER)).isTrue();

    ModelManifest rich =
        read(
            SAMPLE.replace(
                "\"files\"",
                """
                "vocabulary": {"content": ["fox", "fir tree"], "style": ["woodcut"]},
                "scaleWeights": {"content": [0, 1, 2, 1, 0.5, 0.5], "style": [3, 1, 0, 0, 0, 0.5]},
                "files\""""));
    assertThat(rich.vocabulary().content()).containsExactly("fox", "fir tree");
    assertThat(rich.scaleWeights().style()).containsExactly(3.0, 1.0, 0.0, 0.0, 0.0, 0.5);
    assertThat(rich.offers(DecompositionOptions.Profile.MEASURED)).isTrue();
  }

  @Test
  void aFileThatIsNotJsonIsRefused() {
    assertThatThrownBy(() -> read("{")).isInstanceOf(EngineException.class);
    assertThatThrownBy(() -> read("[]")).isInstanceOf(EngineException.class);
  }

  private static ModelManifest read(String json) {
    return ModelManifest.read(json.getBytes(StandardCharsets.UTF_8), "sample/model.json");
  }
}
