package io.diptych.http;

import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import io.diptych.http.problem.ProblemWriter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.util.unit.DataSize;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Bounds bodies that are not multipart, which the container leaves unbounded: by their declared
 * length, and by counting where none is declared.
 */
@Component
class BodyLimitFilter extends OncePerRequestFilter {

  private final HttpProperties properties;
  private final ProblemWriter problems;

  BodyLimitFilter(HttpProperties properties, ProblemWriter problems) {
    this.properties = properties;
    this.problems = problems;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    String type = request.getContentType();
    String lower = type == null ? "" : type.toLowerCase(Locale.ROOT);
    if (lower.startsWith("multipart/")) {
      chain.doFilter(request, response);
      return;
    }
    DataSize limit = lower.contains("json") ? properties.maxJsonSize() : properties.maxUploadSize();
    if (request.getContentLengthLong() > limit.toBytes()) {
      problems.write(request, response, tooLarge(limit));
      return;
    }
    chain.doFilter(new BoundedRequest(request, limit), response);
  }

  private static ProblemException tooLarge(DataSize limit) {
    return new ProblemException(
        ProblemType.PAYLOAD_TOO_LARGE,
        "A body of this type may have at most " + limit.toBytes() + " bytes.");
  }

  private static final class BoundedRequest extends HttpServletRequestWrapper {

    private final DataSize limit;
    private @Nullable ServletInputStream body;

    BoundedRequest(HttpServletRequest request, DataSize limit) {
      super(request);
      this.limit = limit;
    }

    @Override
    public ServletInputStream getInputStream() throws IOException {
      if (body == null) {
        body = new BoundedStream(super.getInputStream(), limit);
      }
      return body;
    }
  }

  private static final class BoundedStream extends ServletInputStream {

    private final ServletInputStream source;
    private final DataSize limit;
    private long left;

    BoundedStream(ServletInputStream source, DataSize limit) {
      this.source = source;
      this.limit = limit;
      this.left = limit.toBytes();
    }

    @Override
    public int read() throws IOException {
      int next = source.read();
      count(next < 0 ? 0 : 1);
      return next;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      int read = source.read(target, offset, length);
      count(read);
      return read;
    }

    private void count(int read) throws IOException {
      left -= Math.max(0, read);
      if (left < 0) {
        // Checked, because readers of bodies pass IOException on with its cause.
        throw new IOException(tooLarge(limit));
      }
    }

    @Override
    public boolean isFinished() {
      return source.isFinished();
    }

    @Override
    public boolean isReady() {
      return source.isReady();
    }

    @Override
    public void setReadListener(ReadListener listener) {
      source.setReadListener(listener);
    }
  }
}
