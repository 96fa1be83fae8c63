package io.parablock.tools;

import io.parablock.wal.DamagedRecord;
import java.util.Locale;

/** What a damage means (protocol.md §12). */
enum WalVerdict {
    /** Proven: it was never durable, so that nobody was told of it. A crash leaves this. */
    TORN,
    /** It had been durable. */
    CORRUPT,
    /** Torn or corrupt: nothing tells. */
    UNKNOWN;

    static WalVerdict of(DamagedRecord what) {
        if (what.torn()) {
            return TORN;
        }
        return what.belowDurable() ? CORRUPT : UNKNOWN;
    }

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
