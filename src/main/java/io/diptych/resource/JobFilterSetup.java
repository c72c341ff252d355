package io.diptych.resource;

import io.diptych.job.JobState;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.TypeMismatchException;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.MethodParameter;
import org.springframework.core.convert.TypeDescriptor;
import org.springframework.web.bind.support.WebDataBinderFactory;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.method.annotation.MethodArgumentTypeMismatchException;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.method.support.ModelAndViewContainer;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Gives handler methods their {@link JobFilter}. */
@Configuration(proxyBeanMethods = false)
class JobFilterSetup implements WebMvcConfigurer {

  private static final TypeDescriptor STATES =
      TypeDescriptor.collection(List.class, TypeDescriptor.valueOf(JobState.class));
  private static final TypeDescriptor TIME = TypeDescriptor.valueOf(Instant.class);

  @Override
  public void addArgumentResolvers(List<HandlerMethodArgumentResolver> resolvers) {
    resolvers.add(new FilterArgument());
  }

  private static final class FilterArgument implements HandlerMethodArgumentResolver {

    @Override
    public boolean supportsParameter(MethodParameter parameter) {
      return parameter.getParameterType() == JobFilter.class;
    }

    @Override
    public JobFilter resolveArgument(
        MethodParameter parameter,
        @Nullable ModelAndViewContainer container,
        NativeWebRequest request,
        @Nullable WebDataBinderFactory binders)
        throws Exception {
      if (binders == null) {
        throw new IllegalStateException("nothing converts query parameters");
      }
      Parameters parameters = new Parameters(parameter, request, binders);
      @SuppressWarnings("unchecked") // STATES says so.
      List<JobState> states = parameters.converted("state", List.class, STATES);
      // As it came: a label may hold a comma, at which a conversion would split it.
      String[] labels = request.getParameterValues("label");
      return new JobFilter(
          states == null ? List.of() : states.stream().filter(Objects::nonNull).toList(),
          labels == null ? List.of() : List.of(labels),
          parameters.converted("createdFrom", Instant.class, TIME),
          parameters.converted("createdBefore", Instant.class, TIME));
    }
  }

  private record Parameters(
      MethodParameter parameter, NativeWebRequest request, WebDataBinderFactory binders) {

    /** As Spring converts a parameter that a handler method declares by itself. */
    <T> @Nullable T converted(String name, Class<T> type, TypeDescriptor descriptor)
        throws Exception {
      String[] values = request.getParameterValues(name);
      if (values == null) {
        return null;
      }
      Object value = values.length == 1 ? values[0] : values;
      try {
        return binders
            .createBinder(request, null, name)
            .convertIfNecessary(value, type, descriptor);
      } catch (TypeMismatchException mismatch) {
        throw new MethodArgumentTypeMismatchException(
            value, mismatch.getRequiredType(), name, parameter, mismatch.getCause());
      }
    }
  }
}
