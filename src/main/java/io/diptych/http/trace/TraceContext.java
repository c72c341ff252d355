package io.diptych.http.trace;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * Where a request stands in a trace (W3C Trace Context, level 1). Store {@link #traceparent()} with
 * a job, and the log of its worker carries the same trace id as the request that asked for it.
 *
 * @param traceId 32 lower-case hexadecimal digits
 * @param spanId 16 lower-case hexadecimal digits
 * @param sampled whether the caller records this trace
 */
public record TraceContext(String traceId, String spanId, boolean sampled) {

  /** Key of the trace id in the logging context. */
  public static final String MDC_KEY = "traceId";

  private static final Pattern TRACEPARENT =
      Pattern.compile("([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?");
  private static final SecureRandom RANDOM = new SecureRandom();

  /** A trace that begins here. */
  public static TraceContext begin() {
    return new TraceContext(hex(16), hex(8), false);
  }

  /** Reads a {@code traceparent}; empty when it is absent or not one. */
  public static Optional<TraceContext> parse(@Nullable String traceparent) {
    if (traceparent == null) {
      return Optional.empty();
    }
    Matcher match = TRACEPARENT.matcher(traceparent.strip());
    if (!match.matches()
        || match.group(1).equals("ff")
        || match.group(2).matches("0+")
        || match.group(3).matches("0+")) {
      return Optional.empty();
    }
    boolean sampled = (Integer.parseInt(match.group(4), 16) & 1) == 1;
    return Optional.of(new TraceContext(match.group(2), match.group(3), sampled));
  }

  /** The trace id that the current thread logs under, if any. */
  public static Optional<String> currentTraceId() {
    return Optional.ofNullable(MDC.get(MDC_KEY));
  }

  public String traceparent() {
    return "00-" + traceId + "-" + spanId + (sampled ? "-01" : "-00");
  }

  private static String hex(int bytes) {
    byte[] random = new byte[bytes];
    RANDOM.nextBytes(random);
    return HexFormat.of().formatHex(random);
  }
}
