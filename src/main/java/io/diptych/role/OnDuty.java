package io.diptych.role;

import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.type.AnnotatedTypeMetadata;

/** Conditions on the role. */
final class OnDuty {

  private OnDuty() {}

  static final class RunsJobs implements Condition {
    @Override
    public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
      return Role.of(context.getEnvironment()).runsJobs();
    }
  }

  static final class ServesApi implements Condition {
    @Override
    public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
      return Role.of(context.getEnvironment()).servesApi();
    }
  }
}
