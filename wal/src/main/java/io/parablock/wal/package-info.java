/** The write-ahead log port, its record layout, the durable small state, and the in-memory engine. */
@NullMarked
package io.parablock.wal;

import org.jspecify.annotations.NullMarked;
