package io.diptych.http.problem;

import jakarta.validation.ConstraintViolationException;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.apache.tomcat.util.http.fileupload.impl.FileCountLimitExceededException;
import org.apache.tomcat.util.http.fileupload.impl.SizeException;
import org.springframework.beans.TypeMismatchException;
import org.springframework.context.MessageSourceResolvable;
import org.springframework.core.MethodParameter;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.dao.RecoverableDataAccessException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.authentication.AuthenticationServiceException;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.oauth2.jwt.JwtDecoderInitializationException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.BindException;
import org.springframework.validation.BindingResult;
import org.springframework.validation.method.ParameterErrors;
import org.springframework.validation.method.ParameterValidationResult;
import org.springframework.web.ErrorResponse;
import org.springframework.web.HttpMediaTypeNotAcceptableException;
import org.springframework.web.HttpMediaTypeNotSupportedException;
import org.springframework.web.HttpRequestMethodNotSupportedException;
import org.springframework.web.bind.MissingRequestHeaderException;
import org.springframework.web.bind.MissingServletRequestParameterException;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.context.request.async.AsyncRequestTimeoutException;
import org.springframework.web.method.annotation.HandlerMethodValidationException;
import org.springframework.web.method.annotation.MethodArgumentTypeMismatchException;
import org.springframework.web.multipart.MaxUploadSizeExceededException;
import org.springframework.web.multipart.MultipartException;
import org.springframework.web.multipart.support.MissingServletRequestPartException;
import org.springframework.web.server.ResponseStatusException;
import tools.jackson.core.JacksonException;

/**
 * Which problem an exception is. Texts of foreign exceptions are never passed on: they name
 * classes, files and statements.
 */
@Component
class ProblemTranslation {

  private static final Duration SOON = Duration.ofSeconds(5);

  /** How Linux says that nothing more can be written. */
  private static final List<String> OUT_OF_DISK =
      List.of("No space left on device", "Disk quota exceeded", "Read-only file system");

  /** SQLSTATE of a character that text or JSON cannot hold, and of a time out of range. */
  private static final Set<String> NOT_STORABLE = Set.of("22021", "22P05", "22008");

  /** A problem with the headers that belong to it. */
  record Answer(Problem problem, HttpHeaders headers) {

    static Answer of(ProblemType type, String detail) {
      return new Answer(Problem.of(type, detail), new HttpHeaders());
    }

    static Answer invalid(List<FieldError> errors) {
      Problem problem = Problem.of(ProblemType.VALIDATION, summary(errors), errors);
      return new Answer(problem, new HttpHeaders());
    }

    Answer with(String header, String value) {
      headers.set(header, value);
      return this;
    }
  }

  private final List<ProblemTranslator> translators;

  ProblemTranslation(List<ProblemTranslator> translators) {
    this.translators = List.copyOf(translators);
  }

  Answer translate(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof ProblemException known) {
        return ofOurs(known);
      }
    }
    for (ProblemTranslator translator : translators) {
      Optional<ProblemException> known = translator.translate(failure);
      if (known.isPresent()) {
        return ofOurs(known.get());
      }
    }
    if (failure instanceof ErrorResponse response) {
      return ofErrorResponse(response);
    }
    return ofOther(failure);
  }

  /** The answer to a status code that came without an exception. */
  static Answer ofStatus(int status) {
    ProblemType type = ProblemType.ofStatus(status);
    return Answer.of(type, type.title() + ".");
  }

  /** One sentence about wrong values. */
  static String summary(List<FieldError> errors) {
    if (errors.size() != 1) {
      return errors.size() + " values are wrong; `errors` names each.";
    }
    FieldError error = errors.get(0);
    String where =
        error.pointer() != null
            ? error.pointer().isEmpty() ? "The body" : error.pointer()
            : error.parameter() != null ? error.parameter() : error.header();
    return where + " " + error.detail() + ".";
  }

  private static Answer ofOurs(ProblemException known) {
    Answer answer = new Answer(known.problem(), new HttpHeaders());
    Duration retryAfter = known.retryAfter();
    return retryAfter == null
        ? answer
        : answer.with(HttpHeaders.RETRY_AFTER, RetryAfter.seconds(retryAfter));
  }

  /** Spring's own refusals, which know their status and headers such as Allow. */
  private static Answer ofErrorResponse(ErrorResponse response) {
    Answer answer = detailed(response);
    response.getHeaders().forEach((name, values) -> answer.headers().put(name, values));
    return answer;
  }

  private static Answer detailed(ErrorResponse response) {
    if (response instanceof BindException invalid) {
      return Answer.invalid(bodyErrors(invalid.getBindingResult()));
    }
    if (response instanceof org.springframework.web.bind.MethodArgumentNotValidException invalid) {
      return Answer.invalid(bodyErrors(invalid.getBindingResult()));
    }
    if (response instanceof HandlerMethodValidationException invalid) {
      if (invalid.isForReturnValue()) {
        return ofStatus(500);
      }
      return Answer.invalid(argumentErrors(invalid));
    }
    if (response instanceof MissingServletRequestPartException missing) {
      return Answer.invalid(
          List.of(FieldError.parameter(missing.getRequestPartName(), "is a part that is missing")));
    }
    if (response instanceof MissingServletRequestParameterException missing) {
      return Answer.invalid(
          List.of(FieldError.parameter(missing.getParameterName(), "is missing")));
    }
    if (response instanceof MissingRequestHeaderException missing) {
      return Answer.invalid(List.of(FieldError.header(missing.getHeaderName(), "is missing")));
    }
    if (response instanceof HttpRequestMethodNotSupportedException unsupported) {
      String[] supported = unsupported.getSupportedMethods();
      return Answer.of(
          ProblemType.METHOD_NOT_ALLOWED,
          unsupported.getMethod()
              + " is not known here"
              + (supported == null ? "." : "; use " + String.join(" or ", supported) + "."));
    }
    if (response instanceof HttpMediaTypeNotSupportedException unsupported) {
      return Answer.of(
          ProblemType.UNSUPPORTED_MEDIA_TYPE,
          (unsupported.getContentType() == null
                  ? "A body without a Content-Type"
                  : unsupported.getContentType())
              + " is not read here"
              + alternatives(unsupported.getSupportedMediaTypes()));
    }
    if (response instanceof HttpMediaTypeNotAcceptableException unacceptable) {
      return Answer.of(
          ProblemType.NOT_ACCEPTABLE,
          "None of the media types in Accept is made here"
              + alternatives(unacceptable.getSupportedMediaTypes()));
    }
    if (response instanceof MaxUploadSizeExceededException tooLarge) {
      return ofMultipart(tooLarge);
    }
    if (response instanceof AsyncRequestTimeoutException) {
      return Answer.of(
              ProblemType.UNAVAILABLE, "The answer took longer than the service waits for it.")
          .with(HttpHeaders.RETRY_AFTER, RetryAfter.seconds(SOON));
    }
    if (response instanceof ResponseStatusException chosen && chosen.getReason() != null) {
      return Answer.of(ProblemType.ofStatus(chosen.getStatusCode().value()), chosen.getReason());
    }
    return ofStatus(response.getStatusCode().value());
  }

  private static Answer ofOther(Throwable failure) {
    if (isOutOfDisk(failure)) {
      return Answer.of(ProblemType.UNAVAILABLE, "The service has no disk space for the request.")
          .with(HttpHeaders.RETRY_AFTER, RetryAfter.seconds(SOON));
    }
    if (failure instanceof HttpMessageNotReadableException unreadable) {
      return ofUnreadable(unreadable);
    }
    if (failure instanceof MethodArgumentTypeMismatchException mismatch) {
      return ofMismatch(mismatch);
    }
    if (failure instanceof ConstraintViolationException invalid) {
      return Answer.invalid(
          invalid.getConstraintViolations().stream()
              .map(
                  each ->
                      FieldError.at(
                          JsonPointers.ofPropertyPath(each.getPropertyPath().toString()),
                          each.getMessage()))
              .toList());
    }
    if (failure instanceof MultipartException multipart) {
      return ofMultipart(multipart);
    }
    if (failure instanceof InvalidParameterException parameters) {
      return Answer.of(
          ProblemType.ofStatus(parameters.getErrorCode()),
          "The query or the form has escapes that stand for nothing, or is too long.");
    }
    if (failure instanceof DataIntegrityViolationException refused && isNotStorable(refused)) {
      return Answer.of(
          ProblemType.VALIDATION,
          "A text holds a character, or a time is so far away, that it cannot be stored.");
    }
    if (failure instanceof AuthenticationServiceException
        || failure instanceof JwtDecoderInitializationException) {
      return Answer.of(
              ProblemType.UNAVAILABLE,
              "The issuer of the tokens cannot be asked for its keys; this one may be valid.")
          .with(HttpHeaders.RETRY_AFTER, RetryAfter.seconds(SOON));
    }
    if (failure instanceof AuthenticationException) {
      return ofStatus(401);
    }
    if (failure instanceof AccessDeniedException) {
      return ofStatus(403);
    }
    if (failure instanceof TransientDataAccessException
        || failure instanceof RecoverableDataAccessException
        || failure instanceof DataAccessResourceFailureException
        || failure instanceof CannotCreateTransactionException) {
      return Answer.of(ProblemType.UNAVAILABLE, "The database cannot be reached or is too busy.")
          .with(HttpHeaders.RETRY_AFTER, RetryAfter.seconds(SOON));
    }
    return Answer.of(
        ProblemType.INTERNAL, "The service failed; the log tells more under the `traceId`.");
  }

  private static Answer ofUnreadable(HttpMessageNotReadableException unreadable) {
    for (Throwable cause = unreadable; cause != null; cause = cause.getCause()) {
      if (cause instanceof JacksonException json) {
        return new Answer(JsonProblems.of(json), new HttpHeaders());
      }
    }
    return Answer.of(ProblemType.MALFORMED_REQUEST, "The body is missing or cannot be read.");
  }

  private static boolean isNotStorable(DataIntegrityViolationException refused) {
    return refused.getMostSpecificCause() instanceof SQLException cause
        && NOT_STORABLE.contains(String.valueOf(cause.getSQLState()));
  }

  private static Answer ofMismatch(MethodArgumentTypeMismatchException mismatch) {
    MethodParameter parameter = mismatch.getParameter();
    if (parameter.hasParameterAnnotation(PathVariable.class)) {
      // No identifier of ours looks like this, so there is nothing at the address.
      return ofStatus(404);
    }
    Class<?> required = mismatch.getRequiredType();
    String detail = required == null ? "is not valid" : JsonProblems.expected(required);
    return Answer.invalid(
        List.of(
            parameter.hasParameterAnnotation(RequestHeader.class)
                ? FieldError.header(mismatch.getName(), detail)
                : FieldError.parameter(mismatch.getName(), detail)));
  }

  /** An upload that found no room under {@code java.io.tmpdir} is not the caller's fault. */
  private static boolean isOutOfDisk(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      if (cause instanceof IOException
          && OUT_OF_DISK.stream().anyMatch(words -> message.contains(words))) {
        return true;
      }
    }
    return false;
  }

  private static Answer ofMultipart(MultipartException failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SizeException tooLarge) {
        return Answer.of(
            ProblemType.PAYLOAD_TOO_LARGE,
            "The upload is larger than the limit of "
                + readable(tooLarge.getPermittedSize())
                + ".");
      }
      if (cause instanceof FileCountLimitExceededException) {
        return Answer.of(ProblemType.PAYLOAD_TOO_LARGE, "The multipart body has too many parts.");
      }
    }
    return failure instanceof MaxUploadSizeExceededException
        ? Answer.of(ProblemType.PAYLOAD_TOO_LARGE, "The upload is larger than the limit.")
        : Answer.of(ProblemType.MALFORMED_REQUEST, "The multipart body cannot be read.");
  }

  private static List<FieldError> bodyErrors(BindingResult result) {
    List<FieldError> errors = new ArrayList<>();
    result
        .getFieldErrors()
        .forEach(
            each ->
                errors.add(
                    FieldError.at(
                        JsonPointers.ofPropertyPath(each.getField()),
                        message(each, each.contains(TypeMismatchException.class)))));
    result.getGlobalErrors().forEach(each -> errors.add(FieldError.at("", message(each, false))));
    return errors;
  }

  private static List<FieldError> argumentErrors(HandlerMethodValidationException invalid) {
    List<FieldError> errors = new ArrayList<>();
    for (ParameterValidationResult result : invalid.getParameterValidationResults()) {
      if (result instanceof ParameterErrors body) {
        body.getFieldErrors()
            .forEach(
                each ->
                    errors.add(
                        FieldError.at(
                            JsonPointers.ofPropertyPath(each.getField()), message(each, false))));
        body.getGlobalErrors().forEach(each -> errors.add(FieldError.at("", message(each, false))));
        continue;
      }
      MethodParameter parameter = result.getMethodParameter();
      RequestHeader header = parameter.getParameterAnnotation(RequestHeader.class);
      String name = String.valueOf(parameter.getParameterName());
      for (MessageSourceResolvable each : result.getResolvableErrors()) {
        errors.add(
            header == null
                ? FieldError.parameter(name, message(each, false))
                : FieldError.header(
                    header.name().isEmpty() ? name : header.name(), message(each, false)));
      }
    }
    return errors;
  }

  private static String message(MessageSourceResolvable error, boolean conversionFailed) {
    String message = error.getDefaultMessage();
    return conversionFailed || message == null ? "is not valid" : message;
  }

  private static String alternatives(List<MediaType> types) {
    return types.isEmpty()
        ? "."
        : types.stream().map(MediaType::toString).collect(Collectors.joining(", ", "; use ", "."));
  }

  /** Bytes in the largest unit that divides them. */
  static String readable(long bytes) {
    DataSize size = DataSize.ofBytes(bytes);
    if (bytes >= 1 << 20 && bytes % (1 << 20) == 0) {
      return size.toMegabytes() + " MiB";
    }
    return bytes >= 1 << 10 && bytes % (1 << 10) == 0 ? size.toKilobytes() + " KiB" : bytes + " B";
  }
}
