package io.parablock.perf.nbd;

/**
 * One measurement.
 *
 * @param cpuUs processor time of the server for one read
 */
record ReadTiming(double p50Us, double p99Us, double perSecond, double cpuUs) {}
