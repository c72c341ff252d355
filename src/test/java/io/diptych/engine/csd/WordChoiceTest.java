package io.diptych.engine.csd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.RunStoppedException;
import io.diptych.engine.TestModels;
import io.diptych.engine.sample.Sampler.TextCondition;
import io.diptych.engine.switti.Switti;
import io.diptych.engine.switti.SwittiArchitecture;
import io.diptych.engine.text.TextEncoders;
import io.diptych.engine.vqvae.Vqvae;
import io.diptych.engine.vqvae.VqvaeArchitecture;
import io.diptych.engine.weights.ModelManifest.Vocabulary;
import io.diptych.engine.weights.ModelSource;
import io.diptych.engine.weights.TensorFile;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WordChoiceTest {

  /** More than one forward takes, of different lengths. */
  private static final Vocabulary VOCABULARY =
      new Vocabulary(
          List.of(
              "fox",
              "palm tree",
              "castle",
              "violin",
              "smiling face with sunglasses",
              "car",
              "t-shirt",
              "tulip",
              "jack-o-lantern",
              "anchor",
              "ghost"),
          List.of("watercolor", "black and white ink", "woodcut", "neon glow"));

  private static final DecompositionOptions OPEN = DecompositionOptions.of(null, null, 0);

  private static NDManager manager;
  private static CsdVar.Models models;
  private static NDArray picture;

  @BeforeAll
  static void load(@TempDir Path folder) {
    ModelSource source = TestModels.TINY.source(folder);
    manager = NDManager.newBaseManager();
    VqvaeArchitecture vqvae = VqvaeArchitecture.of(source.manifest());
    SwittiArchitecture switti = SwittiArchitecture.of(source.manifest());
    CsdProgram program = new CsdProgram(source.manifest().scales(), manager);
    try (TensorFile vqvaeFile = source.weights("vqvae");
        TensorFile swittiFile = source.weights("switti")) {
      models =
          new CsdVar.Models(
              new Switti(
                  switti, switti.tensors().load(swittiFile, manager, DataType.FLOAT32), manager),
              new Vqvae(vqvae, vqvae.tensors().load(vqvaeFile, manager, DataType.FLOAT32), manager),
              program,
              new ConceptText(
                  TextEncoders.load(source, manager, DataType.FLOAT32), program, manager),
              source.manifest());
    }
    picture = models.vqvae().fit(manager, TestModels.picture(80));
  }

  @AfterAll
  static void close() {
    manager.close();
  }

  @Test
  void theWordsAreThoseUnderWhichThePictureIsLikeliest() {
    DecompositionOptions found =
        new WordChoice(models, VOCABULARY).complete(manager, picture, OPEN, () -> false);

    String style = likeliest(VOCABULARY.style(), word -> "A object in " + word + " style");
    String content =
        likeliest(VOCABULARY.content(), word -> "A " + word + " in " + style + " style");
    assertThat(found.contentWord()).isEqualTo(content);
    assertThat(found.styleWord())
        .isEqualTo(
            likeliest(VOCABULARY.style(), word -> "A " + content + " in " + word + " style"));
    // Not the words that stand where a search that compares nothing would end.
    assertThat(found.contentWord()).isNotIn("fox", "ghost");
  }

  @Test
  void aWordThatIsGivenStaysAndTheOtherIsFoundForIt() {
    WordChoice choice = new WordChoice(models, VOCABULARY);

    DecompositionOptions styled =
        choice.complete(
            manager, picture, OPEN.toBuilder().styleWord("gouache").build(), () -> false);
    DecompositionOptions named =
        choice.complete(
            manager, picture, OPEN.toBuilder().contentWord("heron").build(), () -> false);

    assertThat(styled.styleWord()).isEqualTo("gouache");
    assertThat(styled.contentWord())
        .isEqualTo(likeliest(VOCABULARY.content(), word -> "A " + word + " in gouache style"));
    assertThat(named.contentWord()).isEqualTo("heron");
    assertThat(named.styleWord())
        .isEqualTo(likeliest(VOCABULARY.style(), word -> "A heron in " + word + " style"));
  }

  @Test
  void aRunThatIsToStopDoesNotWaitForItsWords() {
    int[] asked = {0};

    assertThatThrownBy(
            () ->
                new WordChoice(models, VOCABULARY)
                    .complete(manager, picture, OPEN, () -> ++asked[0] == 3))
        .isInstanceOf(RunStoppedException.class);
    assertThat(asked[0]).isEqualTo(3);
  }

  @Test
  void nothingElseOfTheOptionsChanges() {
    DecompositionOptions found =
        new WordChoice(models, VOCABULARY).complete(manager, picture, OPEN, () -> false);

    assertThat(found.toBuilder().contentWord(null).styleWord(null).build()).isEqualTo(OPEN);
  }

  @Test
  void aModelWithoutWordsTakesGenericOnes() {
    DecompositionOptions found =
        new WordChoice(models, Vocabulary.NONE).complete(manager, picture, OPEN, () -> false);

    assertThat(found.contentWord()).isEqualTo("object");
    assertThat(found.styleWord()).isEqualTo("art");
  }

  /** One text at a time, and the cross-entropy by hand, in double precision. */
  private static String likeliest(List<String> words, UnaryOperator<String> caption) {
    return words.stream()
        .min(Comparator.comparingDouble(word -> surprise(caption.apply(word))))
        .orElseThrow();
  }

  private static double surprise(String caption) {
    try (NDManager scope = manager.newSubManager()) {
      Target target = Target.of(models, scope, picture);
      TextCondition text = models.text().encode(scope, caption);
      Switti.Prepared prepared =
          models.switti().prepare(scope, text.context(), null, text.pooled(), null, false);
      int last = models.switti().architecture().sides().size() - 1;
      float[] logits =
          models
              .switti()
              .teacherForced(scope, prepared, target.input(), 0, last, null, false)
              .logits()
              .toFloatArray();
      long[] tokens = target.tokens().toType(DataType.INT64, true).toLongArray();
      int codes = logits.length / tokens.length;
      double sum = 0;
      for (int i = 0; i < tokens.length; i++) {
        double total = 0;
        for (int code = 0; code < codes; code++) {
          total += Math.exp(logits[i * codes + code]);
        }
        sum += Math.log(total) - logits[i * codes + (int) tokens[i]];
      }
      return sum;
    }
  }
}
