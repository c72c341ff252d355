package io.diptych.http.openapi;

import io.diptych.http.problem.ProblemType;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The problems that a handler method answers with, besides those that follow from its signature:
 * credentials, scopes, path variables, bodies, idempotency keys.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Problems {
  ProblemType[] value();
}
