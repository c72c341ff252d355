package io.diptych;

import java.time.Clock;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** Entry point of the service. */
@SpringBootApplication
public class Diptych {

  public static void main(String[] args) {
    SpringApplication.run(Diptych.class, args);
  }

  /** The time, for everybody who asks for it. */
  @Bean
  Clock clock() {
    return Clock.systemUTC();
  }
}
