package io.diptych.role;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/** The duties of a process ({@code diptych.role}). */
public enum Role {
  /** Everything in one process: the default, for one machine. */
  ALL,
  /** Serves the API, takes jobs in, runs none. */
  API,
  /** Runs jobs; over HTTP it answers health and metrics alone. */
  WORKER;

  /** Name of the property. */
  public static final String PROPERTY = "diptych.role";

  /** Whether it serves the API. */
  public boolean servesApi() {
    return this != WORKER;
  }

  /** Whether it has lanes. */
  public boolean runsJobs() {
    return this != API;
  }

  /** The role that the configuration asks for. */
  public static Role of(Environment environment) {
    return Binder.get(environment).bind(PROPERTY, Role.class).orElse(ALL);
  }
}
