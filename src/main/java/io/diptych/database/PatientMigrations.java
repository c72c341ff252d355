package io.diptych.database;

import java.sql.SQLException;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.callback.BaseCallback;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;
import org.springframework.stereotype.Component;

/**
 * Lets a statement of a migration be silent for longer than any other: it may rewrite a large
 * table. The pool sets its own time-out again when it gets the connection back.
 */
@Component
final class PatientMigrations extends BaseCallback {

  @Override
  public boolean supports(Event event, Context context) {
    return event == Event.BEFORE_EACH_MIGRATE;
  }

  @Override
  public void handle(Event event, Context context) {
    try {
      context.getConnection().setNetworkTimeout(Runnable::run, 0);
    } catch (SQLException e) {
      throw new FlywayException("Could not lift the time-out of the connection that migrates.", e);
    }
  }
}
