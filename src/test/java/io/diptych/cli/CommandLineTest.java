package io.diptych.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.engine.TestModels;
import io.diptych.image.PngFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {

  @TempDir static Path folder;

  @BeforeAll
  static void write() throws IOException {
    TestModels.TINY.write(folder.resolve("model"));
    Files.write(folder.resolve("picture.png"), PngFile.encode(TestModels.picture(90)));
    Files.writeString(folder.resolve("text.png"), "not a picture");
  }

  private record Run(int exit, String output) {}

  @Test
  void aPictureIsDecomposedAndNewOnesAreGenerated() throws IOException {
    Path concept = folder.resolve("fox.safetensors");
    Run decomposed =
        run(
            "decompose",
            folder.resolve("picture.png").toString(),
            "--content",
            "fox",
            "--style",
            "watercolor",
            "--steps",
            "4",
            "--out",
            concept.toString());
    assertThat(decomposed.output).contains("Wrote").contains("fox");
    assertThat(decomposed.exit).isZero();
    assertThat(concept).isNotEmptyFile();
    if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      assertThat(Files.getPosixFilePermissions(concept))
          .as("those of other new files")
          .isEqualTo(Files.getPosixFilePermissions(folder.resolve("text.png")));
    }

    Path pictures = folder.resolve("pictures");
    Run generated =
        run(
            "generate",
            "a {content} in {style} style",
            "--content",
            concept.toString(),
            "--style",
            concept.toString(),
            "--count",
            "2",
            "--seed",
            "5",
            "--out",
            pictures.toString());
    assertThat(generated.exit).isZero();
    byte[] png = Files.readAllBytes(pictures.resolve("5-01.png"));
    assertThat(PngFile.decode(png).getWidth()).isEqualTo(40);
    assertThat(PngFile.text(png)).containsEntry("Diptych-Seed", "5");
  }

  @Test
  void whatCannotBeWrittenInTheEndIsRefusedBeforeTheTraining() throws IOException {
    Path existing = Files.createDirectories(folder.resolve("existing"));
    assertThat(decompose("--out", existing.toString()).output)
        .contains("is a folder")
        .doesNotContain("Decomposing");
    assertThat(existing).isEmptyDirectory();
    String below = folder.resolve("text.png").resolve("deep/concept.safetensors").toString();
    assertThat(decompose("--out", below).output)
        .contains("cannot be written")
        .doesNotContain("Decomposing");
  }

  @Test
  void aFileWithoutSubConceptsIsRefused() throws IOException {
    Path blank = Files.writeString(folder.resolve("blank.txt"), "\n  \n");
    Run run = decompose("--sub-concepts", blank.toString());
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.output).contains("blank.txt holds no lines").doesNotContain("Decomposing");
  }

  @ParameterizedTest
  @ValueSource(strings = {"foo", "gpu77", ""})
  void aDeviceThatIsNotThereIsNamedWithThoseThatAre(String device) {
    Run run = run("generate", "a castle", "--device", device, "--out", folder.toString());
    assertThat(run.exit).isEqualTo(1);
    assertThat(run.output).contains("There is no device " + device).contains("there is cpu");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-3"})
  void aCountBelowOneIsRefused(String count) {
    Path out = folder.resolve("none");
    Run run = run("generate", "a castle", "--count", count, "--out", out.toString());
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.output).contains("--count is " + count);
    assertThat(out).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"content", "style"})
  void aConceptThatThePromptHasNoSlotForIsRefused(String concept) {
    Path out = folder.resolve("slotless");
    Run run =
        run("generate", "a castle", "--" + concept, "fox.safetensors", "--out", out.toString());
    assertThat(run.exit).isEqualTo(2);
    assertThat(run.output)
        .contains("--" + concept + " is given, but the prompt has no slot {" + concept + "}");
    assertThat(out).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"decompse", "decompose", "help", "-h", "-x", "--help", "--version", "-V"})
  void aFirstWordThatIsNoOptionOfSpringIsForTheCommandLine(String word) {
    assertThat(CommandLineRunner.handles(new String[] {word, "picture.png"})).isTrue();
  }

  @Test
  void optionsOfSpringAndNoArgumentsStartTheService() {
    assertThat(CommandLineRunner.handles(new String[] {"--server.port=0"})).isFalse();
    assertThat(CommandLineRunner.handles(new String[] {"--spring.profiles.active=api"})).isFalse();
    assertThat(CommandLineRunner.handles(new String[] {"--debug"})).isFalse();
    assertThat(CommandLineRunner.handles(new String[0])).isFalse();
  }

  @Test
  void aMistypedCommandGetsASuggestionAndTheVersionIsTold() {
    Run mistyped = captured("decompse", "picture.png");
    assertThat(mistyped.exit).isEqualTo(2);
    assertThat(mistyped.output).contains("decompse").contains("decompose");
    Run version = captured("--version");
    assertThat(version.exit).isZero();
    assertThat(version.output).contains("Diptych");
    assertThat(captured("--help").output).contains("Usage: diptych").contains("generate");
  }

  @Test
  void wordsThatAreNotGivenAreFoundAndTold() {
    Path out = folder.resolve("unnamed.safetensors");
    Run run =
        run(
            "decompose",
            folder.resolve("picture.png").toString(),
            "--steps",
            "1",
            "--out",
            out.toString());

    assertThat(run.exit).isZero();
    assertThat(run.output)
        .containsPattern("content \"(fox|castle|car)\", style \"(watercolor|woodcut)\"");
  }

  private static Run decompose(String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "decompose",
                folder.resolve("picture.png").toString(),
                "--content",
                "fox",
                "--style",
                "watercolor",
                "--steps",
                "1"));
    arguments.addAll(List.of(more));
    return run(arguments.toArray(String[]::new));
  }

  static Stream<List<String>> mistakes() {
    return Stream.of(
        List.of("There is no file", "decompose", "missing.png", "--content", "a", "--style", "b"),
        List.of("", "decompose", "text.png", "--content", "a", "--style", "b"),
        List.of("Missing required parameter", "decompose", "--content", "a"),
        List.of(
            "Unknown option",
            "decompose",
            "picture.png",
            "--content",
            "a",
            "--style",
            "b",
            "--shiny"),
        List.of(
            "tokens is 99",
            "decompose",
            "picture.png",
            "--content",
            "a",
            "--style",
            "b",
            "--tokens",
            "99"),
        List.of(
            "for option '--profile'",
            "decompose",
            "picture.png",
            "--content",
            "a",
            "--style",
            "b",
            "--profile",
            "best"),
        List.of("no file", "generate", "a {content}", "--content", "nowhere.safetensors"),
        List.of("", "generate", "a {content}", "--content", "picture.png"),
        List.of("128", "generate", "castle ".repeat(300)));
  }

  @ParameterizedTest
  @MethodSource("mistakes")
  void aMistakeGetsWordsAndNoStackTraceAndLeavesNothing(List<String> mistake) throws IOException {
    List<String> arguments = new ArrayList<>();
    for (String argument : mistake.subList(1, mistake.size())) {
      boolean file = argument.endsWith(".png") || argument.endsWith(".safetensors");
      arguments.add(file ? folder.resolve(argument).toString() : argument);
    }
    Path out = folder.resolve("never");
    arguments.addAll(List.of("--out", out.toString()));
    Run run = run(arguments.toArray(String[]::new));
    assertThat(run.exit).isNotZero();
    assertThat(run.output)
        .contains(mistake.get(0))
        .doesNotContain("\tat ")
        .doesNotContain("should not have happened");
    assertThat(out).doesNotExist();
  }

  private static Run run(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--model", folder.resolve("model").toString()));
    all.addAll(List.of("--cache", folder.resolve("cache").toString()));
    return captured(all.toArray(String[]::new));
  }

  private static Run captured(String... arguments) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream captured = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    try {
      System.setOut(captured);
      System.setErr(captured);
      return new Run(CommandLineRunner.run(arguments), bytes.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }
}
