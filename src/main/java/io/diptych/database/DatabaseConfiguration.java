package io.diptych.database;

import java.nio.file.Path;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.type.AnnotatedTypeMetadata;
import org.springframework.util.StringUtils;

/** Starts the embedded server before the data source, and stops it after, when no URL is set. */
@Configuration(proxyBeanMethods = false)
@Conditional(DatabaseConfiguration.NoUrl.class)
class DatabaseConfiguration {

  @Bean(destroyMethod = "close")
  EmbeddedServer embeddedServer(
      @Value("${diptych.data-directory:data}") Path dataDirectory,
      @Value("${diptych.database.binaries:}") String binaries,
      @Value("${diptych.database.port:0}") int port) {
    Path directory = dataDirectory.resolve("postgresql");
    return EmbeddedServer.start(
        directory, binaries.isBlank() ? directory.resolve("binaries") : Path.of(binaries), port);
  }

  @Bean
  JdbcConnectionDetails embeddedConnectionDetails(EmbeddedServer server) {
    return new JdbcConnectionDetails() {
      @Override
      public String getUsername() {
        return server.username();
      }

      @Override
      public String getPassword() {
        return server.password();
      }

      @Override
      public String getJdbcUrl() {
        return server.url();
      }
    };
  }

  /** No {@code spring.datasource.url}, or an empty one. */
  static final class NoUrl implements Condition {
    @Override
    public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
      return !StringUtils.hasText(context.getEnvironment().getProperty("spring.datasource.url"));
    }
  }
}
