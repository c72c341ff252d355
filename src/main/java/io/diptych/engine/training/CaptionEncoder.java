package io.diptych.engine.training;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.diptych.engine.text.Encoding;
import io.diptych.engine.text.Prompt;
import io.diptych.engine.text.TextEncoder;
import io.diptych.engine.text.TextEncoders;
import io.diptych.engine.weights.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntConsumer;

/** The frozen text encoder of the pocket backbone, for training. For one thread at a time. */
public final class CaptionEncoder implements AutoCloseable {

  private static final int EXPORT_BATCH = 256;

  private final NDManager manager;
  private final TextEncoder encoder;

  /** Loads all-MiniLM-L6-v2 from the class path. */
  public CaptionEncoder(String device) {
    manager = NDManager.newBaseManager(Device.fromName(device));
    encoder = TextEncoders.miniLm(manager);
  }

  /** Encodes captions. */
  public TextBatch encode(List<String> captions) {
    try (NDManager scope = manager.newSubManager()) {
      Encoding encoding = encoder.encode(prompts(captions), scope);
      int tokens = (int) encoding.hidden().getShape().get(1);
      float[] bias = new float[captions.size() * tokens];
      for (int i = 0; i < captions.size(); i++) {
        for (int t = encoding.prompts().get(i).length(); t < tokens; t++) {
          bias[i * tokens + t] = Float.NEGATIVE_INFINITY;
        }
      }
      return new TextBatch(
          tokens, encoding.hidden().toFloatArray(), bias, encoding.pooled().toFloatArray());
    }
  }

  private List<Prompt> prompts(List<String> captions) {
    return captions.stream().map(caption -> encoder.tokenize(caption, List.of())).toList();
  }

  /**
   * Writes the features of many captions for {@code tools/pretrain.py}: {@code tokens} (all real
   * tokens one after another, width) in F16 and {@code begin} (captions + 1), where each caption's
   * tokens begin.
   *
   * @param captions captions of similar length are best neighbours
   * @param progress told how many captions are done
   */
  public void export(List<String> captions, Path file, IntConsumer progress) throws IOException {
    long[] begin = new long[captions.size() + 1];
    try (NDManager kept = manager.newSubManager()) {
      NDList parts = new NDList();
      for (int from = 0; from < captions.size(); from += EXPORT_BATCH) {
        List<String> batch = captions.subList(from, Math.min(captions.size(), from + EXPORT_BATCH));
        try (NDManager scope = kept.newSubManager()) {
          Encoding encoding = encoder.encode(prompts(batch), scope);
          NDList rows = new NDList();
          for (int i = 0; i < batch.size(); i++) {
            rows.add(encoding.hidden(i).squeeze(0));
            begin[from + i + 1] = begin[from + i] + encoding.prompts().get(i).length();
          }
          NDArray part = NDArrays.concat(rows, 0).toType(DataType.FLOAT16, false);
          part.attach(kept);
          parts.add(part);
        }
        progress.accept(from + batch.size());
      }
      new SafetensorsWriter()
          .put("tokens", NDArrays.concat(parts, 0))
          .put("begin", begin, begin.length)
          .write(file);
    }
  }

  @Override
  public void close() {
    encoder.close();
    manager.close();
  }
}
