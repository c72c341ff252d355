package io.diptych.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.role.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.convert.DurationStyle;
import org.yaml.snakeyaml.Yaml;

/** docker-compose.yml and the Dockerfile, as far as they can be checked without an engine. */
class ComposeTest {

  private static final Pattern FROM = Pattern.compile("^FROM (\\S+) AS (\\S+)$", Pattern.MULTILINE);
  private static final Pattern VARIABLE =
      Pattern.compile("^(?:ENV )? *([A-Z][A-Z0-9_]+)=(\\S+?) ?\\\\?$", Pattern.MULTILINE);
  private static final Pattern REQUIRED = Pattern.compile("\\$\\{DIPTYCH_PASSWORD:\\?[^}]+}");

  /** Variables of Java, libtorch, DJL and the NVIDIA runtime; everything else is a setting. */
  private static final Set<String> NOT_SETTINGS =
      Set.of(
          "HOME",
          "DJL_CACHE_DIR",
          "JDK_JAVA_OPTIONS",
          "OMP_WAIT_POLICY",
          "PYTORCH_LIBRARY_PATH",
          "PYTORCH_FLAVOR",
          "LD_LIBRARY_PATH",
          "NVIDIA_TF32_OVERRIDE",
          "NVIDIA_VISIBLE_DEVICES",
          "NVIDIA_DRIVER_CAPABILITIES");

  private static final Set<String> OURS = Set.of("api", "worker");

  private static String dockerfile = "";
  private static Map<String, Map<String, Object>> services = Map.of();

  @BeforeAll
  static void read() throws IOException {
    dockerfile = Files.readString(Path.of("Dockerfile"));
    Map<String, Object> compose = new Yaml().load(Files.readString(Path.of("docker-compose.yml")));
    services = map(compose.get("services"));
  }

  @Test
  void runsADatabaseAStoreAnApiAndAWorker() {
    assertThat(services).containsOnlyKeys("database", "store", "api", "worker");
  }

  @Test
  void everyServiceHasAnImageWithAVersionAndAHealthCheck() {
    services.forEach(
        (name, service) -> {
          assertThat((String) service.get("image"))
              .as("image of %s", name)
              .matches(".+:.+")
              .doesNotEndWith(":latest");
          Map<String, Object> check = map(service.get("healthcheck"));
          assertThat((List<?>) check.get("test"))
              .as("health check of %s", name)
              .hasSizeGreaterThan(1);
          assertThat(check).as("health check of %s", name).containsKeys("interval", "timeout");
        });
  }

  @Test
  void programsThatTheImageOfJavaLacksAreInstalled() {
    for (String name : OURS) {
      List<?> test = (List<?>) map(services.get(name).get("healthcheck")).get("test");
      assertThat(test.get(1)).isEqualTo("curl");
    }
    Map<String, String> stages = new HashMap<>();
    for (String stage : dockerfile.split("(?m)^(?=FROM )")) {
      Matcher from = FROM.matcher(stage);
      if (from.find() && from.group(1).equals("${JRE_IMAGE}")) {
        stages.put(from.group(2), stage);
      }
    }
    assertThat(stages).containsOnlyKeys("libtorch", "runtime");
    assertThat(stages.get("libtorch")).containsPattern("apt-get install .*curl unzip");
    assertThat(stages.get("runtime")).containsPattern("apt-get install .*curl");
  }

  @Test
  void everyVariableIsASettingOfTheService() {
    Set<String> known = ServiceProperties.byEnvironmentVariable().keySet();
    for (String name : OURS) {
      Set<String> unknown = new TreeSet<>(map(services.get(name).get("environment")).keySet());
      unknown.removeAll(known);
      assertThat(unknown).as("variables of %s that set nothing", name).isEmpty();
    }
    Set<String> inImage = new TreeSet<>();
    Matcher variable = VARIABLE.matcher(dockerfile);
    while (variable.find()) {
      inImage.add(variable.group(1));
    }
    assertThat(inImage)
        .contains("LOGGING_STRUCTURED_FORMAT_CONSOLE")
        .contains("HOME", "SERVER_ADDRESS", "OMP_WAIT_POLICY", "PYTORCH_FLAVOR");
    inImage.removeAll(NOT_SETTINGS);
    inImage.removeAll(known);
    assertThat(inImage).as("variables of the image that set nothing").isEmpty();
  }

  @Test
  void rolesExist() {
    for (String name : OURS) {
      Map<String, Object> environment = map(services.get(name).get("environment"));
      String role = String.valueOf(environment.get("DIPTYCH_ROLE"));
      assertThat(Role.valueOf(role.toUpperCase(Locale.ROOT)).name()).isEqualToIgnoringCase(name);
    }
  }

  @Test
  void thereIsOnePasswordAndItHasNoDefault() {
    services.forEach(
        (service, definition) ->
            map(definition.get("environment"))
                .forEach(
                    (name, value) -> {
                      if (name.contains("PASSWORD")
                          || name.contains("SECRET")
                          || name.endsWith("ADMINKEY")) {
                        assertThat(String.valueOf(value))
                            .as("%s of %s", name, service)
                            .matches(REQUIRED);
                      }
                    }));
  }

  @Test
  void publishedPortsAreReachedFromThisMachineAlone() {
    services.forEach(
        (name, service) -> {
          if (service.get("ports") instanceof List<?> ports) {
            assertThat(ports)
                .as("ports of %s", name)
                .allSatisfy(port -> assertThat(port.toString()).startsWith("127.0.0.1:"));
          }
        });
  }

  @Test
  void ourContainersCannotWriteOutsideTheirVolumes() {
    for (String name : OURS) {
      Map<String, Object> service = services.get(name);
      assertThat(service)
          .containsEntry("read_only", true)
          .containsEntry("cap_drop", List.of("ALL"));
      assertThat(service.get("volumes").toString()).contains("/var/lib/diptych");
      assertThat(service.get("tmpfs").toString()).contains("/tmp");
    }
  }

  @Test
  void aDrainFitsIntoTheGracePeriod() {
    Map<String, Object> worker = services.get("worker");
    long grace =
        DurationStyle.detectAndParse(worker.get("stop_grace_period").toString()).toSeconds();
    String drain = String.valueOf(map(worker.get("environment")).get("DIPTYCH_TICKETS_DRAINWAIT"));
    assertThat(2 * DurationStyle.detectAndParse(drain).toSeconds() + 10).isLessThan(grace);
  }

  @Test
  void healthChecksAskTheManagementPortForReadiness() {
    assertThat(dockerfile).contains("MANAGEMENT_SERVER_PORT=8081");
    for (String name : OURS) {
      assertThat(map(services.get(name).get("healthcheck")).get("test").toString())
          .contains("http://127.0.0.1:8081/actuator/health/readiness");
    }
  }

  @Test
  void imagesBuildFromStagesThatExistAndRunAsANumberedUser() {
    Matcher from = FROM.matcher(dockerfile);
    Set<String> stages = new TreeSet<>();
    while (from.find()) {
      String base = from.group(1);
      assertThat(base.startsWith("${") || stages.contains(base)).as("base %s", base).isTrue();
      stages.add(from.group(2));
    }
    assertThat(stages).contains("build", "libtorch", "runtime", "cpu", "gpu");
    assertThat(dockerfile).containsPattern("(?m)^USER 10001:10001$");
    for (String name : OURS) {
      assertThat(stages)
          .contains(String.valueOf(map(services.get(name).get("build")).get("target")));
    }
  }

  @SuppressWarnings("unchecked") // what YAML yields
  private static <T> Map<String, T> map(Object value) {
    assertThat(value).isInstanceOf(Map.class);
    return (Map<String, T>) value;
  }
}
