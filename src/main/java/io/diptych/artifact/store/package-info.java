/**
 * The two places where blobs are kept, a directory and an S3-compatible service, and the
 * configuration that chooses one.
 *
 * <p>Nothing outside this package names either; others use {@link io.diptych.artifact.BlobStore}.
 */
@NullMarked
package io.diptych.artifact.store;

import org.jspecify.annotations.NullMarked;
