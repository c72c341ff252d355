package io.diptych.job.ticket;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How tickets are picked and kept ({@code diptych.tickets.*}).
 *
 * @param poll how often a lane looks for tickets when nothing wakes it
 * @param heartbeat how often a held ticket is renewed
 * @param missedHeartbeats renewals that may be missed before the holder counts as dead; at least 4
 * @param drainWait how long a drain waits for lanes before it interrupts them; they get as long
 *     again to end. Keep twice this below the grace period of the pod
 */
@ConfigurationProperties("diptych.tickets")
public record TicketSettings(
    @DefaultValue("1s") Duration poll,
    @DefaultValue("5s") Duration heartbeat,
    @DefaultValue("6") int missedHeartbeats,
    @DefaultValue("12s") Duration drainWait) {

  private static final Duration SHORTEST = Duration.ofMillis(50);

  public TicketSettings {
    if (missedHeartbeats < 4) {
      throw new IllegalArgumentException(
          "diptych.tickets.missed-heartbeats must be at least 4, not " + missedHeartbeats + ".");
    }
    if (poll.compareTo(SHORTEST) < 0 || heartbeat.compareTo(SHORTEST) < 0) {
      throw new IllegalArgumentException(
          "diptych.tickets: poll and heartbeat must be at least 50 ms, not %d and %d ms."
              .formatted(poll.toMillis(), heartbeat.toMillis()));
    }
  }

  /** The defaults. */
  public static TicketSettings defaults() {
    return new TicketSettings(
        Duration.ofSeconds(1), Duration.ofSeconds(5), 6, Duration.ofSeconds(12));
  }
}
