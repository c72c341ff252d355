package io.diptych.http;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Bounds on what a request may ask for.
 *
 * @param maxUploadSize of one uploaded file, in a multipart body or as a body of its own
 * @param maxJsonSize of a JSON body
 * @param maxUploads how many uploads are taken in at a time
 * @param maxWait longest wait for a result
 */
@ConfigurationProperties("diptych.http")
record HttpProperties(
    @DefaultValue("20MB") DataSize maxUploadSize,
    @DefaultValue("1MB") DataSize maxJsonSize,
    @DefaultValue("40") int maxUploads,
    @DefaultValue("60s") Duration maxWait) {

  HttpProperties {
    if (maxUploadSize.toBytes() <= 0
        || maxJsonSize.toBytes() <= 0
        || maxUploads < 1
        || maxWait.isNegative()) {
      throw new IllegalArgumentException("Sizes and times of diptych.http must be positive.");
    }
  }
}
