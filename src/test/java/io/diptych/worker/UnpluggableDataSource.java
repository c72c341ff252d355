package io.diptych.worker;

import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/** The database as a process sees it that was killed: from one moment on, never again. */
final class UnpluggableDataSource extends DelegatingDataSource {

  private volatile boolean unplugged;

  UnpluggableDataSource(DataSource dataSource) {
    super(dataSource);
  }

  void replug() {
    unplugged = false;
  }

  void unplug() {
    unplugged = true;
  }

  @Override
  public Connection getConnection() throws SQLException {
    if (unplugged) {
      throw new SQLException("unplugged", "08006");
    }
    return super.getConnection();
  }
}
