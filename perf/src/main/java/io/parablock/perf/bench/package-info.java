/**
 * {@code parablock bench}: latency and rate of whole clusters over NBD, variants in turn, beside what the disk and the loopback
 * allow; and its reports.
 */
@NullMarked
package io.parablock.perf.bench;

import org.jspecify.annotations.NullMarked;
