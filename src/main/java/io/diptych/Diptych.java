package io.diptych;

import io.diptych.cli.CommandLineRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Entry point of the service and of the command line. */
@SpringBootApplication
public class Diptych {

  public static void main(String[] arguments) {
    if (CommandLineRunner.handles(arguments)) {
      System.exit(CommandLineRunner.run(arguments));
    }
    SpringApplication.run(Diptych.class, arguments);
  }
}
