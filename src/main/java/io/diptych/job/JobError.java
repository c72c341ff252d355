package io.diptych.job;

/**
 * Why a job ended without a result.
 *
 * @param code entry of the error catalogue that HTTP answers use too, for example {@code
 *     out-of-memory}
 * @param message what happened, for the job's owner; no stack, path or SQL
 * @param retryable whether the same request may succeed later without being changed
 */
public record JobError(String code, String message, boolean retryable) {}
