package io.diptych.http;

import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import io.diptych.http.problem.ProblemWriter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Bounds how many files are taken in at a time: each lies in the temporary folder until its route
 * has read it, and a pod whose folder overflows is evicted with all that it does.
 */
@Component
class UploadsFilter extends OncePerRequestFilter {

  private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

  private final Semaphore free;
  private final ProblemWriter problems;

  UploadsFilter(HttpProperties properties, ProblemWriter problems) {
    this.free = new Semaphore(properties.maxUploads());
    this.problems = problems;
  }

  @Override
  protected boolean shouldNotFilter(HttpServletRequest request) {
    String type = request.getContentType();
    String lower = type == null ? "" : type.toLowerCase(Locale.ROOT);
    return !lower.startsWith("multipart/")
        && !lower.startsWith(MediaType.APPLICATION_OCTET_STREAM_VALUE);
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    if (!free.tryAcquire()) {
      problems.write(
          request,
          response,
          new ProblemException(
                  ProblemType.QUEUE_FULL,
                  "Too many uploads are being taken in at the moment. Nothing was stored.")
              .retryAfter(RETRY_AFTER));
      return;
    }
    try {
      chain.doFilter(request, response);
    } finally {
      free.release();
    }
  }
}
