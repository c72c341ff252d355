package io.diptych.generation.web;

import io.diptych.generation.GeneratedImage;
import io.diptych.generation.Generation;
import io.diptych.generation.Generations;
import io.diptych.http.Download;
import org.springframework.http.CacheControl;
import org.springframework.http.ContentDisposition;

/** The PNG file of a picture, as answers send it. */
final class PictureFile {

  private PictureFile() {}

  static Download of(Generations generations, Generation generation, GeneratedImage image) {
    String name = generation.job().id() + "-" + image.index() + ".png";
    return new Download(
        image.sha256(),
        image.bytes(),
        ContentDisposition.inline().filename(name).build(),
        // Not to be kept unasked: its owner may delete it.
        CacheControl.noCache().cachePrivate(),
        () -> generations.open(generation, image));
  }
}
