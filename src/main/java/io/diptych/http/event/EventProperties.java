package io.diptych.http.event;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Event streams.
 *
 * @param heartbeat longest silence on a connection; proxies close silent ones
 * @param interval shortest time between two readings of a log for one connection
 * @param poll longest time between two readings; finds what no signal told of
 * @param longest life of a connection; clients reconnect and resume
 * @param maxStreams open connections on this instance
 * @param maxStreamsPerTenant open connections of one tenant on this instance
 */
@ConfigurationProperties("diptych.http.events")
record EventProperties(
    @DefaultValue("15s") Duration heartbeat,
    @DefaultValue("500ms") Duration interval,
    @DefaultValue("2s") Duration poll,
    @DefaultValue("30m") Duration longest,
    @DefaultValue("1000") int maxStreams,
    @DefaultValue("50") int maxStreamsPerTenant) {}
