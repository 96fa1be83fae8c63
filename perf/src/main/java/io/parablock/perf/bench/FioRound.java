package io.parablock.perf.bench;

/** What fio's own NBD client saw of a load in one round. */
public record FioRound(double perSecond, double p50Us, double p99Us) {}
