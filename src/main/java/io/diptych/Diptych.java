package io.diptych;

import io.diptych.cli.CommandLineRunner;
import java.time.Clock;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** Entry point of the service and of the command line. */
@SpringBootApplication
public class Diptych {

  public static void main(String[] arguments) {
    System.setProperty("OPT_OUT_TRACKING", "true"); // DJL would ask the network who hosts it
    if (CommandLineRunner.handles(arguments)) {
      System.exit(CommandLineRunner.run(arguments));
    }
    SpringApplication.run(Diptych.class, arguments);
  }

  /** The time, for everybody who asks for it. */
  @Bean
  Clock clock() {
    return Clock.systemUTC();
  }
}
