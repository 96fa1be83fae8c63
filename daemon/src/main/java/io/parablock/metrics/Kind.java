package io.parablock.metrics;

/** What a scraper may do with the value. */
public enum Kind {
    /** Only grows while the process runs. */
    COUNTER,
    GAUGE,
    /** Durations as a histogram, in seconds. */
    TIMER
}
