package io.diptych;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Entry point of the service. */
@SpringBootApplication
public class Diptych {

  public static void main(String[] args) {
    SpringApplication.run(Diptych.class, args);
  }
}
