/**
 * Lists, page by page: opaque signed cursors, and links to the next page.
 *
 * <p>No queries; a feature asks for what comes after an id.
 */
@NullMarked
package io.diptych.http.paging;

import org.jspecify.annotations.NullMarked;
