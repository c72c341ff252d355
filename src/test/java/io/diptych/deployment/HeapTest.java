package io.diptych.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.image.IntakeLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.util.unit.DataSize;
import org.yaml.snakeyaml.Yaml;

/** The heap that deployments give against what the service may take at its defaults. */
class HeapTest {

  /** Of the service itself, when no upload is taken in. */
  private static final DataSize SERVICE = DataSize.ofMegabytes(128);

  @Test
  void theHeapOfAnApiPodHoldsAllUploadsAtOnce() throws IOException {
    Map<String, Object> values =
        new Yaml().load(Files.readString(Path.of("helm/diptych/values.yaml")));
    Map<String, Object> api = map(values.get("api"));
    String limit = map(map(api.get("resources")).get("limits")).get("memory").toString();
    long heap =
        DataSize.parse(limit.replace("i", "B")).toBytes() * (int) api.get("heapPercent") / 100;
    long needed = needed();
    System.out.printf("API pod: heap %d MiB, uploads %d MiB.%n", heap >> 20, needed >> 20);

    assertThat(heap).isGreaterThanOrEqualTo(needed + SERVICE.toBytes());
  }

  @Test
  void theDocumentationSaysHowMuchThatIs() throws IOException {
    String mebibytes = (needed() >> 20) + " MiB";

    assertThat(Files.readString(Path.of("docs/operations.md"))).contains(mebibytes);
    assertThat(Files.readString(Path.of("helm/diptych/values.yaml"))).contains(mebibytes);
    String decoding = (IntakeLimits.DEFAULT.decodeHeapBytes() >> 20) + " MiB";
    assertThat(Files.readString(Path.of("docs/images.md"))).contains(decoding);
    assertThat(Files.readString(Path.of("docs/decisions/0010-image-intake.md"))).contains(decoding);
  }

  @Test
  void theImageLeavesTheShareOfTheHeapToWhoeverRunsIt() throws IOException {
    // An option on the command line would win over the variable.
    assertThat(Files.readString(Path.of("Dockerfile")))
        .contains("JDK_JAVA_OPTIONS=-XX:MaxRAMPercentage=")
        .doesNotContainPattern("ENTRYPOINT.*MaxRAMPercentage");
  }

  private static long needed() {
    String held = ServiceProperties.all().get("diptych.decomposition.upload-memory").defaultValue();
    return IntakeLimits.DEFAULT.decodeHeapBytes() + DataSize.parse(held).toBytes();
  }

  @SuppressWarnings("unchecked") // what YAML yields
  private static Map<String, Object> map(Object value) {
    return (Map<String, Object>) value;
  }
}
