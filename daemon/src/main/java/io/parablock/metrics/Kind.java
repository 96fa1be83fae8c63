package io.parablock.metrics;

/** What a scraper may do with the value. */
public enum Kind {
    /** Only grows while the process runs. */
    COUNTER("_total"),
    GAUGE(""),
    /** Durations as a histogram, in seconds. */
    TIMER("_seconds");

    /** How such a name ends on the page. */
    final String suffix;

    Kind(String suffix) {
        this.suffix = suffix;
    }
}
