package io.diptych.model;

import io.diptych.engine.csd.LanguageModelEndpoint;
import io.diptych.engine.csd.LanguageModelSubConcepts;
import io.diptych.engine.csd.SubConcepts;
import io.diptych.engine.csd.WordNetSubConcepts;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.StringUtils;

/**
 * Where the sub-concepts of a word come from when a request gives none.
 *
 * @param uri base address of an OpenAI-compatible endpoint that is asked first; without one WordNet
 *     answers
 * @param languageModel the model's name at that endpoint
 * @param key sent to the endpoint as bearer token; empty where none is needed
 * @param timeout of one attempt at the endpoint
 * @param attempts at the endpoint before WordNet answers, 1 to 10
 * @param pause before each attempt but the first
 */
@ConfigurationProperties("diptych.sub-concepts")
record SubConceptSettings(
    @Nullable URI uri,
    @DefaultValue("") String languageModel,
    @Nullable String key,
    @DefaultValue("30s") Duration timeout,
    @DefaultValue("2") int attempts,
    @DefaultValue("1s") Duration pause) {

  /** The source that these settings describe. */
  SubConcepts source() {
    WordNetSubConcepts wordNet = new WordNetSubConcepts();
    if (uri == null) {
      return wordNet;
    }
    HttpClient client = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).build();
    return new LanguageModelSubConcepts(
        new LanguageModelEndpoint(
            uri, languageModel, StringUtils.hasText(key) ? key : null, timeout, attempts, pause),
        client,
        wordNet);
  }
}
