package io.diptych.http.access;

import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.MethodParameter;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.web.bind.support.WebDataBinderFactory;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.method.support.ModelAndViewContainer;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Gives handler methods their {@link Tenant} and demands the scope they name. */
@Configuration(proxyBeanMethods = false)
class AccessWebSetup implements WebMvcConfigurer {

  @Override
  public void addArgumentResolvers(List<HandlerMethodArgumentResolver> resolvers) {
    resolvers.add(new TenantArgument());
  }

  @Override
  public void addInterceptors(InterceptorRegistry registry) {
    // Whoever may not do it learns nothing of how it is done.
    registry.addInterceptor(new ScopeInterceptor()).order(Ordered.HIGHEST_PRECEDENCE);
  }

  /** The scope that a handler method names, on itself or on its class. */
  static @Nullable RequiresScope requirementOf(HandlerMethod handler) {
    RequiresScope own = handler.getMethodAnnotation(RequiresScope.class);
    return own != null
        ? own
        : AnnotatedElementUtils.findMergedAnnotation(handler.getBeanType(), RequiresScope.class);
  }

  private static final class ScopeInterceptor implements HandlerInterceptor {

    @Override
    public boolean preHandle(
        HttpServletRequest request, HttpServletResponse response, Object handler) {
      // Asynchronous handlers are dispatched a second time, with their result and no caller.
      if (request.getDispatcherType() == DispatcherType.REQUEST
          && handler instanceof HandlerMethod method) {
        RequiresScope requirement = requirementOf(method);
        if (requirement != null && !Callers.required().has(requirement.value())) {
          throw new ProblemException(
              ProblemType.FORBIDDEN, "This needs the scope " + requirement.value().value() + ".");
        }
      }
      return true;
    }
  }

  private static final class TenantArgument implements HandlerMethodArgumentResolver {

    @Override
    public boolean supportsParameter(MethodParameter parameter) {
      return parameter.getParameterType() == Tenant.class;
    }

    @Override
    public Tenant resolveArgument(
        MethodParameter parameter,
        @Nullable ModelAndViewContainer container,
        NativeWebRequest request,
        @Nullable WebDataBinderFactory binders) {
      return Callers.required().tenant();
    }
  }
}
