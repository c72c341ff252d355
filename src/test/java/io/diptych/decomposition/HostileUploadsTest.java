package io.diptych.decomposition;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.database.TestDatabase;
import io.diptych.decomposition.TestService.Caller;
import io.diptych.http.Client.Reply;
import io.diptych.image.HostileCorpus;
import io.diptych.image.HostileCorpus.Expected;
import io.diptych.image.HostileCorpus.Upload;
import io.diptych.image.ImageRefusedException.Reason;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The whole corpus of bad pictures, sent as strangers would send it. */
class HostileUploadsTest {

  @Test
  void everyUploadGetsTheDocumentedAnswer(@TempDir Path directory) {
    List<String> wrong = new ArrayList<>();
    Map<String, Integer> answers = new TreeMap<>();
    try (TestDatabase database = TestDatabase.create();
        TestService service =
            TestService.start(
                database,
                directory,
                "diptych.role=api",
                "diptych.queue.queued-cap=1000",
                "diptych.image.decode-time="
                    + HostileCorpus.limits().decodeTime().toSeconds()
                    + "s",
                "diptych.image.queue-wait=60s")) {
      Caller mallory = service.newTenant();
      int accepted = 0;
      for (Upload upload : HostileCorpus.all()) {
        Reply reply =
            mallory.upload(
                "/decompositions",
                upload.bytes(),
                upload.fileName(),
                upload.contentType(),
                "{\"steps\": 1}");
        String answer = answer(reply);
        accepted += reply.status() == 202 ? 1 : 0;
        answers.merge(answer.split(" \\d")[0], 1, Integer::sum);
        if (!documented(upload).contains(answer)) {
          wrong.add(upload.name() + ": " + answer + " instead of " + documented(upload));
        }
      }
      System.out.println(HostileCorpus.all().size() + " uploads over HTTP: " + answers);

      assertThat(wrong).isEmpty();
      // One picture for each that was taken in, and nothing of the others.
      assertThat(service.stored("")).hasSize(accepted);
    }
  }

  private static String answer(Reply reply) {
    JsonNode body = reply.json();
    if (reply.status() == 202) {
      JsonNode picture = body.get("picture");
      return "202 " + picture.get("width").asInt() + " x " + picture.get("height").asInt();
    }
    return reply.status() + " " + body.get("type").asString().replace("/problems/", "");
  }

  private static List<String> documented(Upload upload) {
    if (upload.expected() instanceof Expected.Accepted taken) {
      return List.of("202 " + taken.width() + " x " + taken.height());
    }
    Reason reason = ((Expected.Refused) upload.expected()).reason();
    int status =
        switch (reason.problemType()) {
          case "image-too-large" -> 413;
          case "unsupported-image-type" -> 415;
          default -> 422;
        };
    String answer = status + " " + reason.problemType();
    // The server stops reading before the intake sees the file.
    return reason == Reason.TOO_MANY_BYTES
        ? List.of(answer, "413 payload-too-large")
        : List.of(answer);
  }
}
