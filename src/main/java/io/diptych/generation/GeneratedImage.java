package io.diptych.generation;

/**
 * A picture that was made.
 *
 * @param index which of its generation, from 0
 * @param width pixels
 * @param height pixels
 * @param bytes of the PNG file
 * @param sha256 of the PNG file, hex; it covers the marks inside, which name the generation
 * @param pixelSha256 of the RGB pixels alone, hex; equal for equal pictures
 * @param perceptualHash 64-bit difference hash, hex; similar pictures differ in few bits
 */
public record GeneratedImage(
    int index,
    int width,
    int height,
    long bytes,
    String sha256,
    String pixelSha256,
    String perceptualHash) {}
