package io.diptych.http;

import io.diptych.http.paging.PageQuery;
import io.diptych.http.problem.FieldError;
import io.diptych.http.problem.ProblemException;
import io.diptych.http.problem.ProblemType;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.Part;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springdoc.core.annotations.ParameterObject;
import org.springframework.core.MethodParameter;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.util.unit.DataSize;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RequestPart;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.multipart.MultipartFile;
import org.springframework.web.multipart.MultipartHttpServletRequest;
import org.springframework.web.servlet.HandlerInterceptor;

/**
 * Refuses query parameters, and parts of a multipart body, that their route does not read, as
 * unknown members of JSON are refused: a mistyped {@code dryRun} would else be a job, and a
 * mistyped filter the list of everything. Refuses parts, too, that are larger than what is read
 * whole may be.
 */
final class KnownParameters implements HandlerInterceptor {

  private final DataSize maxJsonSize;

  /**
   * @param maxJsonSize of a part that is no file: it is read whole
   */
  KnownParameters(DataSize maxJsonSize) {
    this.maxJsonSize = maxJsonSize;
  }

  @Override
  public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler)
      throws IOException, ServletException {
    if (request.getDispatcherType() == DispatcherType.REQUEST
        && handler instanceof HandlerMethod method
        && !isOfFramework(method)) {
      Set<String> known = new TreeSet<>();
      Stream.of(method.getMethodParameters()).flatMap(KnownParameters::names).forEach(known::add);
      Set<String> parts = parts(request, method);
      Set<String> others = new LinkedHashSet<>(request.getParameterMap().keySet());
      others.removeAll(parts);
      List<FieldError> unknown = new ArrayList<>();
      parts.forEach(name -> check(name, "part", known, unknown));
      others.forEach(name -> check(name, "query parameter", known, unknown));
      if (!unknown.isEmpty()) {
        throw ProblemException.invalid(unknown.toArray(FieldError[]::new));
      }
    }
    return true;
  }

  /** springdoc brings routes of its own. */
  private static boolean isOfFramework(HandlerMethod method) {
    return method.getBeanType().getName().startsWith("org.springdoc.");
  }

  private Set<String> parts(HttpServletRequest request, HandlerMethod method)
      throws IOException, ServletException {
    Set<String> names = new LinkedHashSet<>();
    if (request instanceof MultipartHttpServletRequest) {
      Set<String> files =
          Stream.of(method.getMethodParameters())
              .filter(parameter -> parameter.getParameterType() == MultipartFile.class)
              .flatMap(KnownParameters::names)
              .collect(Collectors.toSet());
      for (Part part : request.getParts()) {
        names.add(part.getName());
        if (!files.contains(part.getName()) && part.getSize() > maxJsonSize.toBytes()) {
          throw new ProblemException(
              ProblemType.PAYLOAD_TOO_LARGE,
              "A part that is no file may have at most " + maxJsonSize.toBytes() + " bytes.");
        }
      }
    }
    return names;
  }

  private static void check(String name, String what, Set<String> known, List<FieldError> unknown) {
    if (!known.contains(name)) {
      String all = known.isEmpty() ? "there are none" : "known are " + String.join(", ", known);
      unknown.add(FieldError.parameter(name, "is a " + what + " that is not known here; " + all));
    }
  }

  /** What Spring, and the resolvers of our own types, read for a parameter of a handler method. */
  private static Stream<String> names(MethodParameter parameter) {
    Class<?> type = parameter.getParameterType();
    if (type == PageQuery.class) {
      return PageQuery.PARAMETERS.stream();
    }
    if (type.isAnnotationPresent(ParameterObject.class)) {
      return Stream.of(type.getRecordComponents()).map(RecordComponent::getName);
    }
    MergedAnnotations annotations = MergedAnnotations.from(parameter.getParameterAnnotations());
    return Stream.of(RequestPart.class, RequestParam.class)
        .filter(annotations::isPresent)
        .map(annotation -> annotations.get(annotation).getString("name"))
        .map(name -> name.isEmpty() ? parameter.getParameter().getName() : name);
  }
}
