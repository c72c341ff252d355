package io.diptych.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.deployment.ServiceProperties.Property;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The table of settings in docs/operations.md against what the code reads. */
class SettingsTableTest {

  private static final Path DOCUMENT = Path.of("docs/operations.md");

  /** Name, default, meaning. */
  private static final Pattern ROW =
      Pattern.compile("\\| `(diptych\\.[a-z0-9.-]+)` \\| (.*?) \\| (.*?) \\|");

  private static final Pattern INJECTED = Pattern.compile("\\$\\{(diptych\\.[a-z0-9.-]+)[:}]");

  @Test
  void tableListsEverySettingAndNoOther() throws IOException {
    Map<String, Property> settings = ours();
    Map<String, String> rows = rows();

    TreeSet<String> missing = new TreeSet<>(settings.keySet());
    missing.removeAll(rows.keySet());
    TreeSet<String> unknown = new TreeSet<>(rows.keySet());
    unknown.removeAll(settings.keySet());

    assertThat(missing.stream().map(settings::get).map(SettingsTableTest::draft).toList())
        .as("rows that the table in %s lacks", DOCUMENT)
        .isEmpty();
    assertThat(unknown).as("settings in the table that do not exist").isEmpty();
    System.out.printf("Settings table: %d settings.%n", rows.size());
  }

  @Test
  void tableGivesTheDefaultsOfTheCode() throws IOException {
    Map<String, String> rows = rows();
    Map<String, String> expected = new TreeMap<>();
    Map<String, String> actual = new TreeMap<>();
    ours()
        .forEach(
            (name, setting) -> {
              if (!setting.defaultValue().isEmpty() && rows.containsKey(name)) {
                expected.put(name, "`" + setting.defaultValue() + "`");
                actual.put(name, rows.get(name));
              }
            });
    assertThat(actual).isEqualTo(expected);
  }

  @Test
  void settingsReadWithoutAClassOfTheirOwnHaveMetadata() throws IOException {
    TreeSet<String> injected = new TreeSet<>();
    try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
      for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
        Matcher found = INJECTED.matcher(Files.readString(file));
        while (found.find()) {
          injected.add(found.group(1));
        }
      }
    }
    assertThat(ours().keySet())
        .as("src/main/resources/META-INF/additional-spring-configuration-metadata.json")
        .containsAll(injected)
        .contains("diptych.role");
  }

  private static Map<String, Property> ours() {
    Map<String, Property> ours = new TreeMap<>(ServiceProperties.all());
    ours.keySet().removeIf(name -> !name.startsWith("diptych."));
    return ours;
  }

  /** Defaults by name. */
  private static Map<String, String> rows() throws IOException {
    Map<String, String> rows = new TreeMap<>();
    for (String line : Files.readAllLines(DOCUMENT)) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        assertThat(row.group(3)).as("meaning of %s", row.group(1)).isNotBlank();
        assertThat(rows.put(row.group(1), row.group(2))).as("%s twice", row.group(1)).isNull();
      }
    }
    return rows;
  }

  /** A row to start from. */
  private static String draft(Property setting) {
    String value = setting.defaultValue().isEmpty() ? "" : "`" + setting.defaultValue() + "`";
    String meaning = setting.description().replaceAll("\\{@code (.*?)}", "`$1`");
    return "| `%s` | %s | %s |".formatted(setting.name(), value, meaning);
  }
}
