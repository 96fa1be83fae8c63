/**
 * Micro-benchmarks (JMH) of what every write passes through: conflict index, core, codecs, checksums, log. Run with {@code
 * perf/jmh}; see docs/benchmarks.md.
 */
@NullMarked
package io.parablock.perf.jmh;

import org.jspecify.annotations.NullMarked;
