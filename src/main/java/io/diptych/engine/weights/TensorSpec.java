package io.diptych.engine.weights;

import ai.djl.ndarray.types.Shape;

/** Type and shape of a stored tensor. */
public record TensorSpec(TensorType type, Shape shape) {

  @Override
  public String toString() {
    return type + " " + shape;
  }
}
