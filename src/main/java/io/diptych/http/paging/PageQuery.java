package io.diptych.http.paging;

import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Which page of a list a request asks for, in a stable order by id. Declare it as a parameter of a
 * handler method; it reads {@code limit} and {@code cursor}.
 *
 * @param limit how many items at most, 1 to {@value #MAX_LIMIT}
 * @param after the last id of the page before; null for the first page
 */
public record PageQuery(int limit, @Nullable UUID after, NextLink next) {

  static final String LIMIT = "limit";
  static final String CURSOR = "cursor";

  /** The query parameters that it is read from. */
  public static final List<String> PARAMETERS = List.of(LIMIT, CURSOR);

  public static final int DEFAULT_LIMIT = 20;
  public static final int MAX_LIMIT = 100;

  /** Makes the address of the page after an id, with the filters of this request. */
  @FunctionalInterface
  public interface NextLink {
    Next after(UUID lastId);
  }

  /**
   * @param cursor for a client that builds its own request
   * @param uri for a client that follows links
   */
  public record Next(String cursor, String uri) {}

  /** How many items to ask the store for: one more than fit tells whether there is a next page. */
  public int fetch() {
    return limit + 1;
  }

  /** The page made of up to {@link #fetch} items that follow {@link #after}. */
  public <T> Page<T> page(List<T> fetched, Function<T, UUID> id) {
    if (fetched.size() <= limit) {
      return new Page<>(fetched, null);
    }
    List<T> items = fetched.subList(0, limit);
    return new Page<>(items, next.after(id.apply(items.get(limit - 1))));
  }
}
