package io.diptych.http.event;

import java.util.List;

/**
 * The port behind an event stream: a bounded log that forgets its oldest events first.
 *
 * <p>It is read twice a second at most per open connection, and only after {@link
 * EventStreams#changed} or every few seconds.
 */
@FunctionalInterface
public interface EventLog {

  /**
   * The events that are retained with an id above the given one, oldest first.
   *
   * @param after 0 for all
   * @param limit the most to return; the rest is asked for later
   */
  Batch read(long after, int limit);

  /**
   * @param ended whether no event will ever follow the last of these
   */
  record Batch(List<StreamEvent> events, boolean ended) {

    public Batch {
      events = List.copyOf(events);
    }
  }
}
