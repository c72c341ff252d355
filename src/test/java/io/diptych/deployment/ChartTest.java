package io.diptych.deployment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.convert.DurationStyle;
import org.yaml.snakeyaml.Yaml;

/**
 * Renders the Helm chart with several sets of values and looks at what comes out. Needs {@code
 * helm}, and for validation {@code kubeconform} and the JSON schemas of Kubernetes, on the PATH or
 * in the folder that {@code DIPTYCH_TOOLS} names; tools/chart-tools.sh installs them. Without them
 * the tests are skipped and say so.
 */
@Tag("chart")
class ChartTest {

  private static final Path CHART = Path.of("helm/diptych");

  /** The oldest that the chart supports, and one of this year. */
  private static final List<String> KUBERNETES = List.of("1.29.0", "1.37.0");

  private static final String TOOLS = System.getenv().getOrDefault("DIPTYCH_TOOLS", "");
  private static final Set<String> HEALTH =
      Set.of("/actuator/health/liveness", "/actuator/health/readiness");

  /** Kinds of operators that may not be installed; their schemas are not Kubernetes' own. */
  private static final Set<String> FOREIGN =
      Set.of("ScaledObject", "TriggerAuthentication", "ServiceMonitor");

  @TempDir static Path work;

  @BeforeAll
  static void needsHelm() {
    boolean found = tool("helm").isPresent();
    if (!found) {
      System.out.println(
          "ChartTest is skipped: helm is neither on the PATH nor in DIPTYCH_TOOLS."
              + " tools/chart-tools.sh FOLDER installs it.");
    }
    assumeThat(found).as("helm on the PATH or in DIPTYCH_TOOLS").isTrue();
  }

  static Stream<Path> valueSets() throws IOException {
    try (Stream<Path> files = Files.list(CHART.resolve("ci"))) {
      return files.sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("valueSets")
  void lintFindsNothing(Path values) {
    Output lint =
        run(helm(), "lint", "--strict", "--kube-version", "1.37.0", CHART.toString(), "-f", values);
    assertThat(lint.status()).as(lint.text()).isZero();
  }

  @ParameterizedTest
  @MethodSource("valueSets")
  void rendersWhatKubernetesAccepts(Path values) throws IOException {
    Optional<String> kubeconform = tool("kubeconform");
    Path schemas = Path.of(TOOLS, "kubernetes-json-schema").toAbsolutePath();
    boolean ready = kubeconform.isPresent() && Files.isDirectory(schemas);
    if (!ready) {
      System.out.println(
          "Not validated against the schemas of Kubernetes: kubeconform or the folder"
              + " kubernetes-json-schema is missing. tools/chart-tools.sh FOLDER installs both.");
    }
    assumeThat(ready).as("kubeconform and kubernetes-json-schema").isTrue();
    for (String version : KUBERNETES) {
      Path rendered = Files.writeString(work.resolve("rendered.yaml"), text(values, version));
      Output result =
          run(
              kubeconform.orElseThrow(),
              "-strict",
              "-summary",
              "-skip",
              String.join(",", FOREIGN),
              "-schema-location",
              schemas + "/v" + version + "/{{ .ResourceKind }}{{ .KindSuffix }}.json",
              rendered);
      System.out.printf(
          "%s, Kubernetes %s: %s%n", values.getFileName(), version, result.text().strip());
      assertThat(result.status()).as(result.text()).isZero();
    }
  }

  @ParameterizedTest
  @MethodSource("valueSets")
  void podsAreNotRootAndCannotWriteTheirImage(Path values) {
    for (Map<String, Object> pod : pods(values)) {
      Map<String, Object> podSecurity = map(pod.get("securityContext"));
      assertThat(podSecurity)
          .containsEntry("runAsNonRoot", true)
          .containsEntry("runAsUser", 10001)
          .containsEntry("fsGroup", 10001);
      assertThat(pod).containsEntry("automountServiceAccountToken", false);
      Map<String, Object> container = container(pod);
      Map<String, Object> security = map(container.get("securityContext"));
      assertThat(security)
          .containsEntry("readOnlyRootFilesystem", true)
          .containsEntry("allowPrivilegeEscalation", false);
      assertThat(map(security.get("capabilities"))).containsEntry("drop", List.of("ALL"));
      Map<String, String> writable =
          list(pod.get("volumes")).stream()
              .filter(volume -> volume.containsKey("emptyDir"))
              .collect(
                  Collectors.toMap(
                      volume -> volume.get("name").toString(),
                      volume -> map(volume.get("emptyDir")).get("sizeLimit").toString()));
      assertThat(list(container.get("volumeMounts")))
          .filteredOn(mount -> writable.containsKey(mount.get("name").toString()))
          .extracting(mount -> mount.get("mountPath"))
          .containsExactlyInAnyOrder("/var/lib/diptych", "/tmp");
    }
  }

  @ParameterizedTest
  @MethodSource("valueSets")
  void probesAskTheHealthGroupsOnTheManagementPort(Path values) {
    for (Map<String, Object> pod : pods(values)) {
      Map<String, Object> container = container(pod);
      for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
        Map<String, Object> request = map(map(container.get(probe)).get("httpGet"));
        assertThat(request).as(probe).containsEntry("port", "management");
        assertThat(HEALTH).as(probe).contains(request.get("path").toString());
      }
      assertThat(map(map(container.get("livenessProbe")).get("httpGet")))
          .containsEntry("path", "/actuator/health/liveness");
      assertThat(list(container.get("ports")))
          .anySatisfy(
              port ->
                  assertThat(port)
                      .containsEntry("name", "management")
                      .containsEntry("containerPort", 8081));
      assertThat(environment(pod)).containsEntry("MANAGEMENT_SERVER_PORT", "8081");
    }
  }

  @ParameterizedTest
  @MethodSource("valueSets")
  void everyVariableIsASettingAndEveryMountedSettingExists(Path values) {
    Set<String> known = ServiceProperties.byEnvironmentVariable().keySet();
    for (Map<String, Object> pod : pods(values)) {
      Set<String> unknown = new TreeSet<>(environment(pod).keySet());
      unknown.removeAll(known);
      unknown.remove("JDK_JAVA_OPTIONS");
      assertThat(unknown).as("variables that set nothing").isEmpty();
    }
    Set<String> names = ServiceProperties.all().keySet();
    Map<String, Object> data = map(one(render(values), "ConfigMap", "release-diptych").get("data"));
    Map<String, Object> mounted = new Yaml().load(data.get("application.yaml").toString());
    assertThat(flat("", mounted))
        .isNotEmpty()
        .allSatisfy(
            key ->
                assertThat(names).anyMatch(name -> key.equals(name) || key.startsWith(name + ".")));
  }

  @ParameterizedTest
  @MethodSource("valueSets")
  void secretsComeFromSecretsThatTheChartDoesNotMake(Path values) {
    assertThat(render(values)).extracting(object -> object.get("kind")).doesNotContain("Secret");
    for (Map<String, Object> pod : pods(values)) {
      for (Map<String, Object> variable : list(container(pod).get("env"))) {
        String name = variable.get("name").toString();
        if (name.matches(".*(PASSWORD|SECRETKEY|ACCESSKEY|ADMINKEY|USERNAME)$")) {
          assertThat(variable).as(name).doesNotContainKey("value");
          assertThat(map(variable.get("valueFrom"))).as(name).containsOnlyKeys("secretKeyRef");
        }
      }
      assertThat(environment(pod).get("SPRING_DATASOURCE_URL")).doesNotContain("password");
    }
  }

  @ParameterizedTest
  @MethodSource("valueSets")
  void aDrainFitsIntoTheShutdownPhaseAndThatIntoTheGracePeriod(Path values) {
    Map<String, Object> pod = pod(values, "worker");
    long grace = ((Number) pod.get("terminationGracePeriodSeconds")).longValue();
    Map<String, String> environment = environment(pod);
    long drain = seconds(environment.get("DIPTYCH_TICKETS_DRAINWAIT"));
    long phase = seconds(environment.get("SPRING_LIFECYCLE_TIMEOUTPERSHUTDOWNPHASE"));
    assertThat(phase).isGreaterThan(2 * drain);
    assertThat(grace).isGreaterThan(phase + 10);

    Map<String, Object> api = pod(values, "api");
    assertThat(((Number) api.get("terminationGracePeriodSeconds")).longValue())
        .isGreaterThan(
            5 + seconds(environment(api).get("SPRING_LIFECYCLE_TIMEOUTPERSHUTDOWNPHASE")));
  }

  @ParameterizedTest
  @MethodSource("valueSets")
  void selectorsMatchThePodsTheyAreMeantFor(Path values) {
    List<Map<String, Object>> objects = render(values);
    for (String component : List.of("api", "worker")) {
      Map<String, Object> deployment = one(objects, "Deployment", "release-diptych-" + component);
      Map<String, Object> labels =
          map(map(at(deployment, "spec", "template", "metadata")).get("labels"));
      assertThat(labels)
          .containsAllEntriesOf(map(at(deployment, "spec", "selector", "matchLabels")))
          .containsEntry("app.kubernetes.io/component", component);
      Map<String, Object> budget =
          one(objects, "PodDisruptionBudget", "release-diptych-" + component);
      assertThat(labels).containsAllEntriesOf(map(at(budget, "spec", "selector", "matchLabels")));
    }
    Map<String, Object> service = map(one(objects, "Service", "release-diptych").get("spec"));
    assertThat(map(service.get("selector"))).containsEntry("app.kubernetes.io/component", "api");
    assertThat(list(service.get("ports")))
        .as("the management port must not be published")
        .extracting(port -> port.get("targetPort"))
        .containsExactly("http");
  }

  @Test
  void gpuWorkersAskForGpusAndUseThem() {
    Map<String, Object> pod = pod(CHART.resolve("ci/gpu-values.yaml"), "worker");
    Map<String, Object> resources = map(container(pod).get("resources"));
    assertThat(map(resources.get("limits"))).containsEntry("nvidia.com/gpu", 2);
    assertThat(map(resources.get("requests"))).containsEntry("nvidia.com/gpu", 2);
    assertThat(container(pod).get("image").toString()).endsWith("-gpu");
    assertThat(environment(pod)).containsEntry("DIPTYCH_WORKER_DEVICES", "gpu0,gpu1");
    assertThat(pod).containsEntry("runtimeClassName", "nvidia");
  }

  @Test
  void theAuthorityOfTheDatabaseIsMountedWhereTheDriverIsToldToLook() {
    for (String component : List.of("api", "worker")) {
      Map<String, Object> pod = pod(CHART.resolve("ci/gpu-values.yaml"), component);
      assertThat(environment(pod).get("SPRING_DATASOURCE_URL"))
          .endsWith("?sslmode=verify-full&sslrootcert=/etc/diptych-database/ca.crt");
      assertThat(container(pod).get("volumeMounts").toString()).contains("/etc/diptych-database");
      assertThat(pod.get("volumes").toString()).contains("secretName=diptych-database-ca");
    }
    assertThat(environment(pod(CHART.resolve("ci/scaling-values.yaml"), "api")))
        .containsEntry(
            "SPRING_DATASOURCE_URL",
            "jdbc:postgresql://database.example.internal:5432/diptych?sslmode=verify-full"
                + "&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory");
  }

  @Test
  void oneTagServesBothFlavours() {
    Path values = CHART.resolve("ci/gpu-values.yaml");
    assertThat(container(pod(values, "worker")).get("image")).isEqualTo("diptych:2026.11-gpu");
    assertThat(container(pod(values, "api")).get("image")).isEqualTo("diptych:2026.11-cpu");
  }

  @Test
  void withoutGpusNoneAreAskedFor() {
    Map<String, Object> pod = pod(CHART.resolve("ci/default-values.yaml"), "worker");
    assertThat(container(pod).get("resources").toString()).doesNotContain("gpu");
    assertThat(container(pod).get("image").toString()).endsWith("-cpu");
    assertThat(environment(pod)).containsEntry("DIPTYCH_WORKER_DEVICES", "cpu");
  }

  @Test
  void scaledWorkersFollowTheQueue() throws IOException {
    List<Map<String, Object>> objects = render(CHART.resolve("ci/scaling-values.yaml"));
    Map<String, Object> scaled = one(objects, "ScaledObject", "release-diptych-worker");
    Map<String, Object> worker = one(objects, "Deployment", "release-diptych-worker");
    assertThat(map(worker.get("spec"))).as("KEDA owns the number").doesNotContainKey("replicas");
    assertThat(map(at(scaled, "spec", "scaleTargetRef")))
        .containsEntry("name", map(worker.get("metadata")).get("name"));
    Map<String, Object> trigger = list(map(scaled.get("spec")).get("triggers")).get(0);
    assertThat(trigger).containsEntry("type", "postgresql");
    assertThat(map(trigger.get("metadata")))
        .containsEntry("query", Files.readString(CHART.resolve("files/queue-depth.sql")).strip())
        .containsEntry("targetQueryValue", "4")
        .doesNotContainKeys("password", "passwordFromEnv");
    Map<String, Object> authentication =
        one(objects, "TriggerAuthentication", "release-diptych-worker");
    assertThat(map(trigger.get("authenticationRef")))
        .containsEntry("name", map(authentication.get("metadata")).get("name"));
    assertThat(list(map(authentication.get("spec")).get("secretTargetRef")))
        .extracting(secret -> secret.get("parameter"))
        .containsExactlyInAnyOrder("userName", "password");
  }

  @Test
  void withNoWorkersLeftTheApiKeepsHouse() {
    Map<String, Object> api = pod(CHART.resolve("ci/scaling-values.yaml"), "api");
    assertThat(environment(api)).containsEntry("DIPTYCH_HOUSEKEEPING_ENABLED", "true");
    Map<String, Object> usual = pod(CHART.resolve("ci/default-values.yaml"), "api");
    assertThat(environment(usual)).doesNotContainKey("DIPTYCH_HOUSEKEEPING_ENABLED");
  }

  @Test
  void scaledApisHaveNoFixedNumber() {
    List<Map<String, Object>> objects = render(CHART.resolve("ci/scaling-values.yaml"));
    Map<String, Object> api = one(objects, "Deployment", "release-diptych-api");
    assertThat(map(api.get("spec"))).doesNotContainKey("replicas");
    Map<String, Object> scaler = one(objects, "HorizontalPodAutoscaler", "release-diptych-api");
    assertThat(map(at(scaler, "spec", "scaleTargetRef")))
        .containsEntry("name", "release-diptych-api");
  }

  @Test
  void metersAreScrapedFromTheManagementPort() {
    List<Map<String, Object>> objects = render(CHART.resolve("ci/scaling-values.yaml"));
    Map<String, Object> monitor = one(objects, "ServiceMonitor", "release-diptych");
    Map<String, Object> service = one(objects, "Service", "release-diptych-metrics");
    assertThat(map(map(service.get("metadata")).get("labels")))
        .containsAllEntriesOf(map(at(monitor, "spec", "selector", "matchLabels")));
    Map<String, Object> endpoint = list(map(monitor.get("spec")).get("endpoints")).get(0);
    assertThat(endpoint)
        .containsEntry("port", "management")
        .containsEntry("path", "/actuator/prometheus");
    assertThat(list(map(service.get("spec")).get("ports")).get(0))
        .containsEntry("name", "management");
  }

  @Test
  void valuesHoldWhereThePropertiesSayOtherwise(@TempDir Path directory) throws IOException {
    String properties =
        """
        config:
          diptych:
            model:
              standard: other
            queue:
              running-cap: 32
        """;
    Path values = directory.resolve("values.yaml");
    Files.writeString(
        values, Files.readString(CHART.resolve("ci/default-values.yaml")) + properties);

    assertThat(one(render(values), "ConfigMap", "release-diptych").get("data").toString())
        .contains("standard: pocket", "running-cap: 32")
        .doesNotContain("other");
  }

  @Test
  void theIngressLeadsToTheApi() {
    Map<String, Object> ingress =
        one(render(CHART.resolve("ci/ingress-values.yaml")), "Ingress", "release-diptych");
    String rules = map(ingress.get("spec")).get("rules").toString();
    assertThat(rules).contains("diptych.example.com", "name=release-diptych", "name=http");
    assertThat(map(ingress.get("spec")).get("tls").toString()).contains("diptych-tls");
  }

  @Test
  void refusesValuesThatCannotWork() {
    String base = CHART.resolve("ci/default-values.yaml").toString();
    assertThat(refusal("postgresql.existingSecret=x", "s3.bucket=abc")).contains("/postgresql");
    assertThat(refusal("-f", base, "worker.gpus=1")).contains("gpus");
    assertThat(refusal("-f", base, "auth.existingSecret=")).contains("Nobody could call");
    assertThat(refusal("-f", base, "models.locations.other=/models/other"))
        .contains("models.standard is pocket");
    assertThat(refusal("-f", base, "models.hub=https://hub.example.com"))
        .contains("worker.cacheSize");
    assertThat(
            refusal(
                "-f",
                base,
                "worker.keda.enabled=true",
                "postgresql.sslMode=verify-full",
                "postgresql.caSecret=authority"))
        .contains("worker.keda.trustsDatabase");
    assertThat(refusal("-f", base, "ingress.enabled=true")).contains("/ingress/host");
    assertThat(refusal("-f", base, "metrics.enabled=false", "metrics.serviceMonitor.enabled=true"))
        .contains("needs metrics.enabled");
  }

  private static String refusal(String... arguments) {
    List<Object> command =
        new ArrayList<>(List.of(helm(), "template", "release", CHART, "--kube-version", "1.37.0"));
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i].equals("-f")) {
        command.addAll(List.of("-f", arguments[++i]));
      } else {
        command.addAll(List.of("--set", arguments[i]));
      }
    }
    Output output = run(command.toArray());
    assertThat(output.status()).as("helm template %s", Arrays.toString(arguments)).isNotZero();
    return output.text();
  }

  private static final Map<String, String> RENDERED = new LinkedHashMap<>();

  private static String text(Path values, String version) {
    return RENDERED.computeIfAbsent(
        values + " " + version,
        key -> {
          Output output =
              run(
                  helm(),
                  "template",
                  "release",
                  CHART,
                  "--namespace",
                  "pictures",
                  "--kube-version",
                  version,
                  "-f",
                  values);
          assertThat(output.status()).as(output.text()).isZero();
          return output.text();
        });
  }

  private static List<Map<String, Object>> render(Path values) {
    return StreamSupport.stream(
            new Yaml().loadAll(text(values, KUBERNETES.get(1))).spliterator(), false)
        .map(ChartTest::map)
        .toList();
  }

  private static List<Map<String, Object>> pods(Path values) {
    return List.of(pod(values, "api"), pod(values, "worker"));
  }

  private static Map<String, Object> pod(Path values, String component) {
    Map<String, Object> deployment =
        one(render(values), "Deployment", "release-diptych-" + component);
    return map(at(deployment, "spec", "template", "spec"));
  }

  private static Map<String, Object> container(Map<String, Object> pod) {
    return list(pod.get("containers")).get(0);
  }

  /** Values by name; empty for those that come from elsewhere. */
  private static Map<String, String> environment(Map<String, Object> pod) {
    Map<String, String> environment = new LinkedHashMap<>();
    for (Map<String, Object> variable : list(container(pod).get("env"))) {
      String name = variable.get("name").toString();
      Object value = variable.getOrDefault("value", "");
      assertThat(environment.put(name, value.toString())).as("%s twice", name).isNull();
    }
    return environment;
  }

  private static Map<String, Object> one(
      List<Map<String, Object>> objects, String kind, String name) {
    List<Map<String, Object>> found =
        objects.stream()
            .filter(object -> kind.equals(object.get("kind")))
            .filter(object -> name.equals(map(object.get("metadata")).get("name")))
            .toList();
    assertThat(found).as("%s %s", kind, name).hasSize(1);
    return found.get(0);
  }

  private static Object at(Map<String, Object> object, String... path) {
    Object value = object;
    for (String name : path) {
      value = map(value).get(name);
    }
    return value;
  }

  private static List<String> flat(String prefix, Map<String, Object> properties) {
    List<String> keys = new ArrayList<>();
    properties.forEach(
        (name, value) -> {
          if (value instanceof Map<?, ?>) {
            keys.addAll(flat(prefix + name + ".", map(value)));
          } else {
            keys.add(prefix + name);
          }
        });
    return keys;
  }

  private static long seconds(String duration) {
    return DurationStyle.detectAndParse(duration).toSeconds();
  }

  @SuppressWarnings("unchecked") // what YAML yields
  private static Map<String, Object> map(Object value) {
    assertThat(value).isInstanceOf(Map.class);
    return (Map<String, Object>) value;
  }

  private static List<Map<String, Object>> list(Object value) {
    assertThat(value).isInstanceOf(List.class);
    return ((List<?>) value).stream().map(ChartTest::map).toList();
  }

  private static String helm() {
    return tool("helm").orElseThrow();
  }

  private static Optional<String> tool(String name) {
    return Stream.concat(
            Stream.of(TOOLS),
            Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)))
        .filter(folder -> !folder.isBlank())
        .map(folder -> Path.of(folder, name))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst();
  }

  private record Output(int status, String text) {}

  private static Output run(Object... command) {
    try {
      Path out = Files.createTempFile(work, "out", ".txt");
      Process process =
          new ProcessBuilder(Arrays.stream(command).map(Object::toString).toList())
              .redirectErrorStream(true)
              .redirectOutput(out.toFile())
              .start();
      if (!process.waitFor(2, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw new IllegalStateException(Arrays.toString(command) + " does not end");
      }
      return new Output(process.exitValue(), Files.readString(out));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
