package io.diptych.artifact;

/** Hears what goes into the store, for meters. Calls are quick and come from many threads. */
@FunctionalInterface
public interface StoreListener {

  /** Hears nothing. */
  StoreListener NONE = (kind, bytes) -> {};

  /** A blob was stored, whether it was there before or not. */
  void stored(BlobKind kind, long bytes);
}
