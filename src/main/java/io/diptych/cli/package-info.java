/**
 * The command line: decompose and generate without a server, and what makes the pocket backbone.
 *
 * <p>Only arguments, files and progress; the work is done elsewhere.
 */
@NullMarked
package io.diptych.cli;

import org.jspecify.annotations.NullMarked;
