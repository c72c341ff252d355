package io.diptych.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;

import io.diptych.http.problem.ProblemWriter;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockFilterChain;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.util.unit.DataSize;

class UploadsFilterTest {

  private final ProblemWriter problems = mock(ProblemWriter.class);
  private final UploadsFilter filter =
      new UploadsFilter(
          new HttpProperties(
              DataSize.ofMegabytes(1), DataSize.ofMegabytes(1), 1, Duration.ofSeconds(1)),
          problems);

  @Test
  void anUploadBeyondThoseInFlightIsRefusedUnread() throws Exception {
    MockFilterChain second = new MockFilterChain();
    filter.doFilter(
        request("multipart/form-data; boundary=x"),
        new MockHttpServletResponse(),
        (request, response) ->
            filter.doFilter(
                request("application/octet-stream"), new MockHttpServletResponse(), second));

    assertThat(second.getRequest()).isNull();
    verify(problems).write(any(), any(), any());
  }

  @Test
  void itsPlaceIsFreeAgainAndOtherBodiesNeedNone() throws Exception {
    for (String type :
        new String[] {"multipart/form-data", "multipart/mixed", "application/json"}) {
      MockFilterChain chain = new MockFilterChain();
      filter.doFilter(request(type), new MockHttpServletResponse(), chain);
      assertThat(chain.getRequest()).as(type).isNotNull();
    }
    verify(problems, never()).write(any(), any(), any());
  }

  private static MockHttpServletRequest request(String type) {
    MockHttpServletRequest request = new MockHttpServletRequest("POST", "/things");
    request.setContentType(type);
    return request;
  }
}
