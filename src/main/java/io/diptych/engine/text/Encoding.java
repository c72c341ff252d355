package io.diptych.engine.text;

import ai.djl.ndarray.NDArray;
import java.util.List;

/**
 * What one text encoder makes of B prompts; T is the length of the longest.
 *
 * @param prompts the prompts, in order; they know where learned rows stand
 * @param hidden (B, T, width) last hidden states; zero for padding
 * @param pooled (B, pooledWidth)
 * @param real (B, T, 1) one for tokens, zero for padding
 */
public record Encoding(List<Prompt> prompts, NDArray hidden, NDArray pooled, NDArray real) {

  public Encoding {
    prompts = List.copyOf(prompts);
  }

  /** (1, length, width): the hidden states of one prompt, without padding. */
  public NDArray hidden(int prompt) {
    return hidden.get("{}:{}, :{}", prompt, prompt + 1, prompts.get(prompt).length());
  }

  /** (1, pooledWidth): the pooled vector of one prompt. */
  public NDArray pooled(int prompt) {
    return pooled.get("{}:{}", prompt, prompt + 1);
  }
}
