package io.diptych.generation;

import io.diptych.job.ClaimedJob;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The table {@code generation_log}: what was made here, by exact and perceptual hash. */
final class GenerationLog {

  private final JdbcClient jdbc;
  private final Clock clock;

  GenerationLog(JdbcClient jdbc, Clock clock) {
    this.jdbc = jdbc;
    this.clock = clock;
  }

  void add(ClaimedJob job, GenerationOrder order, List<GeneratedImage> images) {
    for (GeneratedImage image : images) {
      jdbc.sql(
              """
              insert into generation_log (
                  job_id, image_index, tenant, seed, content, style, model_digest, sha256,
                  pixel_sha256, perceptual_hash, made_at)
              values (
                  :job, :index, :tenant, :seed, :content, :style, :modelDigest, :sha256,
                  :pixelSha256, :perceptualHash, :now)
              """)
          .param("job", job.id())
          .param("index", image.index())
          .param("tenant", job.tenant())
          .param("seed", order.seed())
          .param("content", order.content())
          .param("style", order.style())
          .param("modelDigest", order.modelDigest())
          .param("sha256", HexFormat.of().parseHex(image.sha256()))
          .param("pixelSha256", HexFormat.of().parseHex(image.pixelSha256()))
          .param("perceptualHash", Long.parseUnsignedLong(image.perceptualHash(), 16))
          .param("now", clock.instant().atOffset(ZoneOffset.UTC))
          .update();
    }
  }
}
