package io.diptych.model;

import io.diptych.engine.weights.ModelSource.Verification;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Which models are served.
 *
 * @param locations folder or {@code classpath:} location of each model by name
 * @param standard the model of requests that name none
 * @param folders folders with hub repositories, mounted or filled by hand
 * @param cache folder for downloads and for what was verified
 * @param hub base address of the hub; without one nothing is ever downloaded
 * @param verification when digests of files are checked
 */
@ConfigurationProperties("diptych.model")
record ModelSettings(
    @Nullable Map<String, String> locations,
    @DefaultValue("pocket") String standard,
    @DefaultValue List<Path> folders,
    @DefaultValue("data/models") Path cache,
    @Nullable URI hub,
    @DefaultValue("ONCE") Verification verification) {

  ModelSettings {
    locations =
        locations == null || locations.isEmpty()
            ? Map.of("pocket", "classpath:/models/pocket/")
            : Map.copyOf(locations);
    if (!locations.containsKey(standard)) {
      throw new IllegalArgumentException(
          "diptych.model.standard is '"
              + standard
              + "', but diptych.model.locations knows only "
              + locations.keySet()
              + ".");
    }
  }
}
