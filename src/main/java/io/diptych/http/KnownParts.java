package io.diptych.http;

import io.diptych.http.problem.FieldError;
import io.diptych.http.problem.ProblemException;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.Part;
import java.io.IOException;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.springframework.core.MethodParameter;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RequestPart;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.multipart.MultipartHttpServletRequest;
import org.springframework.web.servlet.HandlerInterceptor;

/**
 * Refuses parts of a multipart body that their route does not read, as unknown members of JSON are
 * refused: a part with a mistyped name would else be a job with the usual settings.
 */
final class KnownParts implements HandlerInterceptor {

  @Override
  public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler)
      throws IOException, ServletException {
    if (request instanceof MultipartHttpServletRequest && handler instanceof HandlerMethod method) {
      TreeSet<String> known = new TreeSet<>();
      Stream.of(method.getMethodParameters()).flatMap(KnownParts::names).forEach(known::add);
      FieldError[] unknown =
          request.getParts().stream()
              .map(Part::getName)
              .filter(name -> !known.contains(name))
              .distinct()
              .map(
                  name ->
                      FieldError.parameter(
                          name,
                          "is a part that is not known here; known are "
                              + String.join(", ", known)))
              .toArray(FieldError[]::new);
      if (unknown.length > 0) {
        throw ProblemException.invalid(unknown);
      }
    }
    return true;
  }

  private static Stream<String> names(MethodParameter parameter) {
    MergedAnnotations annotations = MergedAnnotations.from(parameter.getParameterAnnotations());
    return Stream.of(RequestPart.class, RequestParam.class)
        .filter(annotations::isPresent)
        .map(type -> annotations.get(type).getString("name"));
  }
}
