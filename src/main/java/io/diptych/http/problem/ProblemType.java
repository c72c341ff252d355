package io.diptych.http.problem;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * Every way in which a request or a job can fail, as callers see it.
 *
 * <p>One catalogue serves HTTP answers and the {@code error} of failed jobs. {@code
 * docs/problems.md} shows it and a test keeps the two equal.
 */
public enum ProblemType {
  // The request
  MALFORMED_REQUEST(
      400,
      false,
      "The request cannot be read",
      "Send well-formed JSON or multipart data with the parts that the route documents."),
  VALIDATION(
      422,
      false,
      "The request has invalid values",
      "Correct every entry of `errors`, then send the request again."),
  UNAUTHORIZED(
      401,
      false,
      "No valid credential was sent",
      "Send an API key in `X-API-Key`, or a bearer token in `Authorization`."),
  FORBIDDEN(
      403,
      false,
      "The credential does not allow this",
      "Use a credential that has the scope named in `detail`, or ask the operator for one."),
  NOT_FOUND(
      404,
      false,
      "There is nothing at this address",
      "Follow the links of earlier answers; an identifier may also have been deleted."),
  METHOD_NOT_ALLOWED(
      405,
      false,
      "The route does not know this method",
      "Use one of the methods in the `Allow` header."),
  NOT_ACCEPTABLE(
      406,
      false,
      "No representation fits the Accept header",
      "Ask for one of the media types named in `detail`."),
  PAYLOAD_TOO_LARGE(
      413,
      false,
      "The request body is too large",
      "Send a smaller body; `detail` names the limit."),
  UNSUPPORTED_MEDIA_TYPE(
      415,
      false,
      "The media type of the body is not supported",
      "Send one of the media types named in `detail`."),
  RANGE_NOT_SATISFIABLE(
      416,
      false,
      "The requested range lies outside the resource",
      "Ask for a range inside the length given in `Content-Range`."),
  IDEMPOTENCY_KEY_MISSING(
      400,
      false,
      "The route demands an Idempotency-Key",
      "Send a fresh random key in `Idempotency-Key`, and the same one when you repeat the request."),
  IDEMPOTENCY_CONFLICT(
      409,
      true,
      "The first request with this Idempotency-Key is still being answered",
      "Wait for `Retry-After`, then send the same request with the same key."),
  IDEMPOTENCY_MISMATCH(
      422,
      false,
      "This Idempotency-Key was used for a different request",
      "Use a fresh key for a new request, or repeat the first request unchanged."),

  // Pictures
  INVALID_IMAGE(
      422,
      false,
      "The picture cannot be decoded",
      "Open the picture in an editor and export it again as PNG or JPEG."),
  IMAGE_TOO_LARGE(
      413,
      false,
      "The picture has too many bytes or pixels",
      "Scale the picture down; `detail` names the limit."),
  UNSUPPORTED_IMAGE_TYPE(
      415,
      false,
      "The picture is of a type that is not accepted",
      "Send a JPEG, a PNG or a still WebP picture."),

  // Artifacts
  UNKNOWN_ARTIFACT(
      404,
      false,
      "There is no such decomposition or artifact",
      "Check the identifier; it may have been deleted, or belong to someone else."),
  ARTIFACT_NOT_READY(
      409,
      true,
      "The decomposition has not finished",
      "Follow the job until it has succeeded, then send the request again."),
  INVALID_ARTIFACT(
      422,
      false,
      "The artifact file is damaged or not an artifact",
      "Export the artifact again and import the unchanged file."),
  INCOMPATIBLE_ARTIFACT(
      422,
      false,
      "The artifact was learned on another model",
      "Use artifacts of the same model, or decompose the picture again on this one."),

  // Jobs
  RATE_LIMITED(
      429,
      true,
      "Too many requests in a short time",
      "Wait for `Retry-After`; spread requests as the `RateLimit` headers say."),
  QUOTA_EXCEEDED(
      429,
      true,
      "As many of your jobs are waiting as may",
      "Wait for `Retry-After`, or cancel jobs that you no longer need."),
  QUEUE_FULL(
      429,
      true,
      "Too much work of everybody is waiting already",
      "Wait for `Retry-After`, then send the same request again."),
  JOB_FINAL(
      409, false, "The job has already ended", "Read its state; submit a new job to run it again."),
  JOB_WITHOUT_RESULT(
      409,
      false,
      "The job ended without a result",
      "Read the `error` of the job; retry it or submit a new one."),
  JOB_EXPIRED(
      410,
      false,
      "The job or its result is past its retention time",
      "Submit the job again; fetch results before they expire."),
  JOB_FAILED(
      500,
      true,
      "The job failed too often for reasons outside the request",
      "Retry the job later; tell the operator the `traceId` if it fails again."),

  // Running models
  MODEL_UNAVAILABLE(
      503,
      true,
      "The model is not available now",
      "Try again later or choose another model; `GET /models` lists them."),
  OUT_OF_MEMORY(
      503,
      true,
      "The device ran out of memory",
      "Ask for fewer images, fewer tokens or a smaller model, or try again later."),
  NUMERIC_DIVERGENCE(
      500,
      false,
      "The optimisation diverged",
      "Use another seed or another picture; the same request would diverge again."),
  DEADLINE_EXCEEDED(
      504,
      true,
      "The deadline passed before the job ended",
      "Retry the job when the queue is shorter, or ask the operator for later deadlines."),

  // The service
  UNAVAILABLE(
      503,
      true,
      "The service cannot answer at the moment",
      "Wait for `Retry-After` where it is given, then send the request again with the same"
          + " Idempotency-Key."),
  FONT_MISSING(
      501,
      false,
      "This server has no font to draw text with",
      "Fetch the pictures one by one, or ask the operator to install fontconfig and a font."),
  INTERNAL(
      500,
      false,
      "The service failed in an unexpected way",
      "Try once more, with a fresh Idempotency-Key where the problem names a `jobId`; report the"
          + " `traceId` if it fails again.");

  private static final String PREFIX = "/problems/";

  private final String slug;
  private final int status;
  private final boolean retryable;
  private final String title;
  private final String action;

  ProblemType(int status, boolean retryable, String title, String action) {
    this.slug = name().toLowerCase(Locale.ROOT).replace('_', '-');
    this.status = status;
    this.retryable = retryable;
    this.title = title;
    this.action = action;
  }

  /** The stable name, as in {@code image-too-large}. */
  public String slug() {
    return slug;
  }

  /**
   * The {@code type} member on the wire: a reference relative to the service, which explains itself
   * there.
   */
  @JsonValue
  public String uri() {
    return PREFIX + slug;
  }

  /** The HTTP status code of an answer of this type. */
  public int status() {
    return status;
  }

  /** Whether the same request may succeed later without being changed. */
  public boolean retryable() {
    return retryable;
  }

  /** What happened, in one line that is the same for every occurrence. */
  public String title() {
    return title;
  }

  /** What the caller can do about it. */
  public String action() {
    return action;
  }

  /** The type with this slug, as stored with a failed job. */
  public static Optional<ProblemType> ofSlug(String slug) {
    return Arrays.stream(values()).filter(type -> type.slug.equals(slug)).findFirst();
  }

  /**
   * The type with this {@code type} member.
   *
   * @throws IllegalArgumentException if there is none
   */
  @JsonCreator
  public static ProblemType ofUri(String uri) {
    return Arrays.stream(values())
        .filter(type -> type.uri().equals(uri))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no problem type " + uri));
  }

  /** The general type for a status code that the container or a library chose. */
  static ProblemType ofStatus(int status) {
    return switch (status) {
      case 401 -> UNAUTHORIZED;
      case 403 -> FORBIDDEN;
      case 404 -> NOT_FOUND;
      case 405 -> METHOD_NOT_ALLOWED;
      case 406 -> NOT_ACCEPTABLE;
      case 413 -> PAYLOAD_TOO_LARGE;
      case 415 -> UNSUPPORTED_MEDIA_TYPE;
      case 416 -> RANGE_NOT_SATISFIABLE;
      case 422 -> VALIDATION;
      case 429 -> RATE_LIMITED;
      case 503 -> UNAVAILABLE;
      case 504 -> DEADLINE_EXCEEDED;
      default -> status >= 500 ? INTERNAL : MALFORMED_REQUEST;
    };
  }
}
