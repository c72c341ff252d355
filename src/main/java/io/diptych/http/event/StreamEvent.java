package io.diptych.http.event;

/**
 * One event of a stream.
 *
 * @param id grows within the stream; clients send the last one back as {@code Last-Event-ID}
 * @param name as clients listen for it, such as {@code progress}
 * @param data becomes JSON
 * @param supersedes whether this event makes earlier ones of the same name worthless, so that of
 *     several that are due at once only the newest is sent
 */
public record StreamEvent(long id, String name, Object data, boolean supersedes) {

  /** An event that is always sent. */
  public static StreamEvent milestone(long id, String name, Object data) {
    return new StreamEvent(id, name, data, false);
  }

  /** An event that stands for all earlier ones of its name. */
  public static StreamEvent snapshot(long id, String name, Object data) {
    return new StreamEvent(id, name, data, true);
  }
}
