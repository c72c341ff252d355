/**
 * Who calls: tenants, scopes, API keys, OAuth2 tokens, and how often a tenant may call.
 *
 * <p>Not what a tenant may queue; the job table counts that.
 */
@NullMarked
package io.diptych.http.access;

import org.jspecify.annotations.NullMarked;
