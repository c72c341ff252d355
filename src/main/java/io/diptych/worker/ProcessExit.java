package io.diptych.worker;

/** Ends this process when native code will not return, or a device no longer computes. */
@FunctionalInterface
public interface ProcessExit {

  /** Exit status then: no other part of the service uses it. */
  int STUCK_STATUS = 86;

  /**
   * @param reason for the log
   */
  void exit(String reason);

  /** Halts without shutdown hooks, which could wait for the very thread that is stuck. */
  static ProcessExit halt() {
    return reason -> Runtime.getRuntime().halt(STUCK_STATUS);
  }
}
