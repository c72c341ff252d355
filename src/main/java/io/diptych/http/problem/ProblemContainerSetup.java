package io.diptych.http.problem;

import org.apache.catalina.core.StandardHost;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.web.firewall.RequestRejectedHandler;

/** Makes the container and the firewall of Spring Security speak problems. */
@Configuration(proxyBeanMethods = false)
class ProblemContainerSetup {

  @Bean
  WebServerFactoryCustomizer<TomcatServletWebServerFactory> problemReports(ProblemWriter writer) {
    return factory ->
        factory.addContextCustomizers(
            context -> {
              if (context.getParent() instanceof StandardHost host) {
                // Named as well as added: the host would put its HTML valve nearer to the error.
                host.setErrorReportValveClass(ProblemReportValve.class.getName());
                host.getPipeline().addValve(new ProblemReportValve(writer));
              }
            });
  }

  @Bean
  RequestRejectedHandler rejectedRequests(ProblemWriter writer) {
    return (request, response, rejection) ->
        writer.write(
            request,
            response,
            new ProblemException(
                ProblemType.MALFORMED_REQUEST,
                "The address or a header has characters that are not accepted."));
  }
}
