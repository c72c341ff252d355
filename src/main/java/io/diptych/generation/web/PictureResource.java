package io.diptych.generation.web;

import io.diptych.generation.GeneratedImage;
import io.diptych.generation.Generation;
import io.diptych.generation.Generations;
import java.io.InputStream;
import org.springframework.core.io.AbstractResource;

/** A picture in the store, for Spring to send whole or in part. */
final class PictureResource extends AbstractResource {

  private final Generations generations;
  private final Generation generation;
  private final GeneratedImage image;

  PictureResource(Generations generations, Generation generation, GeneratedImage image) {
    this.generations = generations;
    this.generation = generation;
    this.image = image;
  }

  @Override
  public InputStream getInputStream() {
    return generations.open(generation, image);
  }

  @Override
  public long contentLength() {
    return image.bytes();
  }

  @Override
  public boolean exists() {
    return true;
  }

  @Override
  public String getFilename() {
    return generation.job().id() + "-" + image.index() + ".png";
  }

  @Override
  public String getDescription() {
    return "picture " + image.index() + " of generation " + generation.job().id();
  }
}
