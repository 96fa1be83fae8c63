package io.parablock.perf.wal;

/**
 * What one measurement saw. Times are microseconds.
 *
 * @param perSecond records or writes completed in a second
 */
record LogTiming(double p50Us, double p99Us, double p999Us, double perSecond) {}
