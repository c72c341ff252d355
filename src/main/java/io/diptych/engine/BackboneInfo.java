package io.diptych.engine;

import java.util.List;

/**
 * What callers may know of a model.
 *
 * @param name the manifest's name, for example {@code pocket}
 * @param digest SHA-256 over the manifest (which holds the digests of all files), hex
 * @param resolution pixels per side of the pictures it makes
 * @param scales sides of the token maps, coarse to fine
 * @param licence SPDX expression or short text for the weights
 * @param device for example {@code cpu} or {@code gpu0}
 * @param parameters number of weights of transformer, VQ-VAE and text encoders together
 */
public record BackboneInfo(
    String name,
    String digest,
    int resolution,
    List<Integer> scales,
    String licence,
    String device,
    long parameters) {}
