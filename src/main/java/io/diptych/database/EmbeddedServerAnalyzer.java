package io.diptych.database;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Shows what to do instead of a stack trace. */
final class EmbeddedServerAnalyzer extends AbstractFailureAnalyzer<EmbeddedServerException> {

  @Override
  protected FailureAnalysis analyze(Throwable root, EmbeddedServerException cause) {
    return new FailureAnalysis(cause.getMessage(), cause.action(), cause);
  }
}
