package io.diptych.http.access;

import io.diptych.role.Role;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.webmvc.error.ErrorController;
import org.springframework.core.env.Environment;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.stereotype.Component;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/** Refuses to start a service that nobody could use, or that somebody could use by oversight. */
@Component
class AccessGuard implements SmartInitializingSingleton {

  private static final Logger log = LoggerFactory.getLogger(AccessGuard.class);

  /** They bring their own routes, which the filter chain knows. */
  private static final List<String> FRAMEWORKS = List.of("org.springframework.", "org.springdoc.");

  private final AccessPolicy policy;
  private final SecurityProperties security;
  private final ObjectProvider<JwtDecoder> tokens;
  private final ApiKeys keys;
  private final RequestMappingHandlerMapping routes;
  private final boolean servesApi;

  AccessGuard(
      AccessPolicy policy,
      SecurityProperties security,
      ObjectProvider<JwtDecoder> tokens,
      ApiKeys keys,
      @Qualifier("requestMappingHandlerMapping") RequestMappingHandlerMapping routes,
      Environment environment) {
    this.policy = policy;
    this.security = security;
    this.tokens = tokens;
    this.keys = keys;
    this.routes = routes;
    this.servesApi = Role.of(environment).servesApi();
  }

  @Override
  public void afterSingletonsInstantiated() {
    requireScopes();
    if (!policy.authenticated()) {
      if (!policy.loopback()) {
        log.warn(
            "diptych.security.authentication is OFF and the service is not bound to loopback:"
                + " whoever reaches its port may do everything.");
      }
    } else if (servesApi
        && security.adminKey() == null
        && tokens.getIfAvailable() == null
        && !keys.anyUsable()) {
      throw new NobodyCanAuthenticateException();
    }
  }

  private void requireScopes() {
    List<String> silent =
        routes.getHandlerMethods().values().stream()
            .filter(AccessGuard::saysNothing)
            .map(HandlerMethod::getShortLogMessage)
            .toList();
    if (!silent.isEmpty()) {
      throw new IllegalStateException(
          "Handlers need @RequiresScope, or @OpenToAll on their class: " + silent);
    }
  }

  private static boolean saysNothing(HandlerMethod handler) {
    Class<?> type = handler.getBeanType();
    return FRAMEWORKS.stream().noneMatch(type.getName()::startsWith)
        && !ErrorController.class.isAssignableFrom(type)
        && AccessWebSetup.requirementOf(handler) == null
        && !type.isAnnotationPresent(OpenToAll.class);
  }
}
