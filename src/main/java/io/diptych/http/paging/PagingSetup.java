package io.diptych.http.paging;

import io.diptych.http.access.CurrentTenant;
import io.diptych.http.access.Tenant;
import io.diptych.http.problem.FieldError;
import io.diptych.http.problem.ProblemException;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.MethodParameter;
import org.springframework.web.bind.support.WebDataBinderFactory;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.method.support.ModelAndViewContainer;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Gives handler methods their {@link PageQuery}. */
@Configuration(proxyBeanMethods = false)
class PagingSetup implements WebMvcConfigurer {

  private final Cursors cursors;

  PagingSetup(SigningSecretTable secrets) {
    this.cursors = new Cursors(secrets.forCursors());
  }

  @Override
  public void addArgumentResolvers(List<HandlerMethodArgumentResolver> resolvers) {
    resolvers.add(new PageArgument(cursors));
  }

  private record PageArgument(Cursors cursors) implements HandlerMethodArgumentResolver {

    @Override
    public boolean supportsParameter(MethodParameter parameter) {
      return parameter.getParameterType() == PageQuery.class;
    }

    @Override
    public PageQuery resolveArgument(
        MethodParameter parameter,
        @Nullable ModelAndViewContainer container,
        NativeWebRequest request,
        @Nullable WebDataBinderFactory binders) {
      HttpServletRequest servlet = request.getNativeRequest(HttpServletRequest.class);
      if (servlet == null) {
        throw new IllegalStateException("not a servlet request");
      }
      Tenant tenant = CurrentTenant.required();
      Map<String, String[]> filters = new TreeMap<>(servlet.getParameterMap());
      filters.remove(PageQuery.LIMIT);
      filters.remove(PageQuery.CURSOR);
      String list = servlet.getRequestURI() + "?" + query(filters);
      int limit = limit(servlet.getParameter(PageQuery.LIMIT));
      String cursor = servlet.getParameter(PageQuery.CURSOR);
      UUID after = cursor == null ? null : cursors.decode(tenant, list, cursor);
      return new PageQuery(
          limit,
          after,
          lastId -> {
            String next = cursors.encode(tenant, list, lastId);
            String first = filters.isEmpty() ? list : list + "&";
            return new PageQuery.Next(next, first + "limit=" + limit + "&cursor=" + next);
          });
    }

    private static String query(Map<String, String[]> filters) {
      return filters.entrySet().stream()
          .flatMap(
              filter ->
                  Arrays.stream(filter.getValue())
                      .map(value -> encode(filter.getKey()) + "=" + encode(value)))
          .collect(Collectors.joining("&"));
    }

    private static String encode(String text) {
      return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static int limit(@Nullable String text) {
      if (text == null) {
        return PageQuery.DEFAULT_LIMIT;
      }
      if (!text.matches("\\d{1,6}")
          || Integer.parseInt(text) < 1
          || Integer.parseInt(text) > PageQuery.MAX_LIMIT) {
        throw ProblemException.invalid(
            FieldError.parameter(
                PageQuery.LIMIT, "must be a whole number from 1 to " + PageQuery.MAX_LIMIT));
      }
      return Integer.parseInt(text);
    }
  }
}
