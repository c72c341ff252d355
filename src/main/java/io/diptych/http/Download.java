package io.diptych.http;

import java.io.InputStream;
import java.util.function.Supplier;
import org.springframework.core.io.AbstractResource;
import org.springframework.core.io.InputStreamResource;
import org.springframework.core.io.Resource;
import org.springframework.http.CacheControl;
import org.springframework.http.ContentDisposition;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.context.request.WebRequest;

/**
 * A file that does not change under its address, sent whole or in part (RFC 9110, section 14).
 *
 * @param sha256 of the file; its entity tag
 * @param bytes its length
 * @param disposition whether it is shown or saved, and under which name
 * @param content opens it; whoever sends it closes it
 */
public record Download(
    String sha256,
    long bytes,
    ContentDisposition disposition,
    CacheControl cacheControl,
    Supplier<InputStream> content) {

  /** Answers a GET with the file, with the ranges asked for, or with 304. */
  public ResponseEntity<Resource> answer(WebRequest request) {
    if (ETag.isAny(request)) {
      return labelled(ResponseEntity.status(HttpStatus.NOT_MODIFIED)).build();
    }
    String ifRange = request.getHeader(HttpHeaders.IF_RANGE);
    Resource file = new File();
    // Spring honours ranges of every resource but this one, and does not know If-Range.
    return labelled(ResponseEntity.ok())
        .body(
            ifRange == null || ifRange.equals(tag())
                ? file
                : new InputStreamResource(file::getInputStream));
  }

  /** Puts the whole file into an answer to another method than GET. */
  public ResponseEntity<Resource> within(ResponseEntity.BodyBuilder answer) {
    return labelled(answer).body(new File());
  }

  private ResponseEntity.BodyBuilder labelled(ResponseEntity.BodyBuilder answer) {
    return answer
        .eTag(tag())
        .cacheControl(cacheControl)
        .header(HttpHeaders.CONTENT_DISPOSITION, disposition.toString());
  }

  private String tag() {
    return '"' + sha256 + '"';
  }

  private final class File extends AbstractResource {

    @Override
    public InputStream getInputStream() {
      return content.get();
    }

    @Override
    public long contentLength() {
      return bytes;
    }

    @Override
    public boolean exists() {
      return true;
    }

    @Override
    public String getDescription() {
      return "file " + sha256;
    }
  }
}
