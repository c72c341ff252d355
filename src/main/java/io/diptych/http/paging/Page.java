package io.diptych.http.paging;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.ResponseEntity;

/**
 * One page of a list.
 *
 * @param next where the list goes on; null at its end
 */
public record Page<T>(List<T> items, PageQuery.@Nullable Next next) {

  public Page {
    items = List.copyOf(items);
  }

  public <R> Page<R> map(Function<T, R> each) {
    return new Page<>(items.stream().map(each).toList(), next);
  }

  /** The answer, with a {@code Link} to the next page. */
  public ResponseEntity<Body<T>> answer() {
    if (next == null) {
      return ResponseEntity.ok(new Body<>(items, null));
    }
    return ResponseEntity.ok()
        .header(HttpHeaders.LINK, "<" + next.uri() + ">; rel=\"next\"")
        .body(new Body<>(items, next.cursor()));
  }

  /**
   * A page on the wire.
   *
   * @param nextCursor absent on the last page
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Body<T>(List<T> items, @Nullable String nextCursor) {}
}
