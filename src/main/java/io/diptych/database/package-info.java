/**
 * Which PostgreSQL is used: the one that {@code spring.datasource.url} names, or an embedded one
 * that is started with the service and keeps its data between starts.
 *
 * <p>No tables; each feature brings its own migrations.
 */
@NullMarked
package io.diptych.database;

import org.jspecify.annotations.NullMarked;
