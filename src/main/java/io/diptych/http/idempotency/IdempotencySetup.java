package io.diptych.http.idempotency;

import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.MethodParameter;
import org.springframework.web.bind.support.WebDataBinderFactory;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.method.support.ModelAndViewContainer;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Gives handler methods their {@link IdempotencyKey}. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(IdempotencyProperties.class)
class IdempotencySetup implements WebMvcConfigurer {

  private final IdempotencyProperties properties;

  IdempotencySetup(IdempotencyProperties properties) {
    this.properties = properties;
  }

  @Override
  public void addArgumentResolvers(List<HandlerMethodArgumentResolver> resolvers) {
    resolvers.add(new KeyArgument(properties.required()));
  }

  private record KeyArgument(boolean required) implements HandlerMethodArgumentResolver {

    @Override
    public boolean supportsParameter(MethodParameter parameter) {
      return parameter.getParameterType() == IdempotencyKey.class;
    }

    @Override
    public @Nullable IdempotencyKey resolveArgument(
        MethodParameter parameter,
        @Nullable ModelAndViewContainer container,
        NativeWebRequest request,
        @Nullable WebDataBinderFactory binders) {
      String header = request.getHeader(IdempotencyKey.HEADER);
      if (header != null) {
        return IdempotencyKey.parse(header);
      }
      if (required) {
        throw new ProblemException(
            ProblemType.IDEMPOTENCY_KEY_MISSING, "Idempotency-Key is missing.");
      }
      return null;
    }
  }
}
