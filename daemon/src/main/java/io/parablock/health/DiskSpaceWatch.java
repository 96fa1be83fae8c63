package io.parablock.health;

import io.parablock.config.NodeConfig.HealthKeys;
import org.jspecify.annotations.Nullable;

/** Whether the node's disk is nearly full. It changes its mind only when a tenth more is free. Not thread-safe. */
final class DiskSpaceWatch {
    private static final int MARGIN_PART = 10;

    private DiskSpace last = new DiskSpace(false, -1, -1);

    /** @return what has changed, or null */
    @Nullable
    DiskSpace next(long freeBytes, long totalBytes, HealthKeys limits) {
        long limit = limits.diskFreeBytes();
        boolean before = last.nearlyFull();
        boolean now = before ? freeBytes < limit + limit / MARGIN_PART && limit > 0 : freeBytes < limit;
        last = new DiskSpace(now, freeBytes, totalBytes);
        return now == before ? null : last;
    }

    /** As of the last look. */
    DiskSpace last() {
        return last;
    }
}
