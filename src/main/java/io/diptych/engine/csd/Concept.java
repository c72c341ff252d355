package io.diptych.engine.csd;

/**
 * What one decomposition learned: content and style rows for each text encoder, K-V memories, the
 * rectification projectors, and how they came to be.
 */
public final class Concept {

  private final ConceptMetadata metadata;
  private final byte[] safetensors;

  private Concept(ConceptMetadata metadata, byte[] safetensors) {
    this.metadata = metadata;
    this.safetensors = safetensors;
  }

  public ConceptMetadata metadata() {
    return metadata;
  }

  /** The artifact file: safetensors, metadata in its header. A copy. */
  public byte[] toSafetensors() {
    return safetensors.clone();
  }

  /**
   * Reads and checks an artifact file: tensor names, shapes, finite values, metadata.
   *
   * @throws io.diptych.engine.EngineException of kind {@code INCOMPATIBLE_CONCEPT}, listing all
   *     that is wrong
   */
  public static Concept fromSafetensors(byte[] file) {
    return new Concept(ConceptMetadata.read(file), file.clone());
  }
}
