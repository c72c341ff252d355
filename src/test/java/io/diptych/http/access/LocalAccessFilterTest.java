package io.diptych.http.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;

import io.diptych.http.problem.ProblemWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.mock.web.MockFilterChain;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.security.core.context.SecurityContextHolder;

class LocalAccessFilterTest {

  @ParameterizedTest(name = "{0} at {1}: {2}")
  @CsvSource({
    "localhost, 127.0.0.1, true",
    "evil.example, 127.0.0.1, false",
    "evil.example, 0:0:0:0:0:0:0:1, false",
    "10.0.0.7, 10.0.0.7, true"
  })
  void aProbeMayUseAnyNameOfThePortThatIsOpenToTheNetwork(
      String name, String localAddress, boolean answered) throws Exception {
    MockHttpServletRequest request = new MockHttpServletRequest("GET", "/actuator/health");
    request.setServerName(name);
    request.setLocalAddr(localAddress);
    MockFilterChain chain = new MockFilterChain();
    LocalAccessFilter filter = new LocalAccessFilter(true, new Refusals(mock(ProblemWriter.class)));
    try {
      filter.doFilter(request, new MockHttpServletResponse(), chain);
    } finally {
      SecurityContextHolder.clearContext();
    }
    assertThat(chain.getRequest() != null).isEqualTo(answered);
  }
}
