package io.diptych.engine.program;

import ai.djl.engine.Engine;

/** The native library that runs the programs. */
public final class TensorLibrary {

  private TensorLibrary() {}

  /** Name and version, for example {@code PyTorch 2.7.1}; loads the library if need be. */
  public static String version() {
    Engine engine = Engine.getInstance();
    return engine.getEngineName() + " " + engine.getVersion();
  }
}
