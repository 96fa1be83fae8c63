/** A proxy that makes a TCP connection as bad as it is told to. */
@NullMarked
package io.parablock.perf.impair;

import org.jspecify.annotations.NullMarked;
