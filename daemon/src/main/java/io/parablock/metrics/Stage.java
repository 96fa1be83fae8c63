package io.parablock.metrics;

import java.util.Locale;

/** A part of the way of a write; what each lasts from and to: {@link Metric#WRITE_STAGE}. */
public enum Stage {
    RECEIVE,
    WAL_DURABLE,
    FIRST_ACK,
    QUORUM_ACK,
    COMMIT,
    APPLY,
    REPLY;

    /** Its value of the label {@code stage}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
