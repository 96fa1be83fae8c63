/** How fast the write-ahead log is, engine by engine, beside what the disk can do. */
@NullMarked
package io.parablock.perf.wal;

import org.jspecify.annotations.NullMarked;
