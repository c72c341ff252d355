package io.diptych.http.access;

import io.diptych.http.problem.ProblemWriter;
import jakarta.servlet.DispatcherType;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.web.server.autoconfigure.ServerProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.ProviderManager;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.server.resource.web.BearerTokenResolver;
import org.springframework.security.oauth2.server.resource.web.DefaultBearerTokenResolver;
import org.springframework.security.oauth2.server.resource.web.authentication.BearerTokenAuthenticationFilter;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.access.intercept.AuthorizationFilter;
import org.springframework.security.web.authentication.AnonymousAuthenticationFilter;

/** The one filter chain: stateless, credentials on every request, problems instead of pages. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({SecurityProperties.class, RateLimitProperties.class})
class SecuritySetup {

  private static final List<String> ALWAYS_PUBLIC =
      List.of(
          "/actuator/health/**",
          "/problems/**",
          "/openapi/**",
          "/openapi.yaml",
          "/swagger-ui/**",
          "/swagger-ui.html",
          "/webjars/**");

  @Bean
  AccessPolicy accessPolicy(
      SecurityProperties security, ServerProperties server, ObjectProvider<JwtDecoder> tokens) {
    boolean meansConfigured = security.adminKey() != null || tokens.getIfAvailable() != null;
    return AccessPolicy.of(security.authentication(), server.getAddress(), meansConfigured);
  }

  @Bean
  RequestRates requestRates(RateLimitProperties limits, Clock clock) {
    return new RequestRates(limits, clock);
  }

  /** Boot would otherwise make a user and print a password that opens nothing. */
  @Bean
  AuthenticationManager authenticationManager() {
    return new ProviderManager(List.of(new NoPasswords()));
  }

  @Bean
  SecurityFilterChain securityFilterChain(
      HttpSecurity http,
      AccessPolicy policy,
      SecurityProperties security,
      ApiKeys keys,
      RequestRates rates,
      ProblemWriter problems,
      ObjectProvider<JwtDecoder> tokens) {
    Refusals refusals = new Refusals(problems);
    List<String> open = new ArrayList<>(ALWAYS_PUBLIC);
    open.addAll(security.publicPaths());
    http.csrf(AbstractHttpConfigurer::disable)
        .formLogin(AbstractHttpConfigurer::disable)
        .httpBasic(AbstractHttpConfigurer::disable)
        .logout(AbstractHttpConfigurer::disable)
        .requestCache(AbstractHttpConfigurer::disable)
        .sessionManagement(
            session -> session.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
        .exceptionHandling(
            failures -> failures.authenticationEntryPoint(refusals).accessDeniedHandler(refusals))
        .authorizeHttpRequests(
            requests ->
                requests
                    .dispatcherTypeMatchers(DispatcherType.ERROR, DispatcherType.ASYNC)
                    .permitAll()
                    .requestMatchers(open.toArray(String[]::new))
                    .permitAll()
                    .requestMatchers("/actuator/**")
                    .hasAuthority(Scope.ADMIN.authority())
                    .anyRequest()
                    .authenticated())
        .addFilterAfter(new TenantRateFilter(rates, policy, refusals), AuthorizationFilter.class);
    if (policy.authenticated()) {
      http.addFilterBefore(
          new ApiKeyFilter(keys, security.adminKey(), refusals),
          BearerTokenAuthenticationFilter.class);
      tokens.ifAvailable(decoder -> acceptTokens(http, decoder, security, refusals));
    } else {
      http.addFilterBefore(
          new LocalAccessFilter(policy.loopback(), refusals), AnonymousAuthenticationFilter.class);
    }
    return http.build();
  }

  private static void acceptTokens(
      HttpSecurity http, JwtDecoder decoder, SecurityProperties security, Refusals refusals) {
    BearerTokenResolver standard = new DefaultBearerTokenResolver();
    http.oauth2ResourceServer(
        server ->
            server
                .bearerTokenResolver(
                    request -> Callers.current().isPresent() ? null : standard.resolve(request))
                .authenticationEntryPoint(refusals)
                .accessDeniedHandler(refusals)
                .jwt(
                    jwt ->
                        jwt.decoder(decoder)
                            .jwtAuthenticationConverter(
                                token -> new TokenCallers(security.tenantClaim()).convert(token))));
  }
}
