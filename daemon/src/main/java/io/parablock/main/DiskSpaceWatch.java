package io.parablock.main;

/** Whether the node's disk is nearly full. A pure state machine; it changes its mind only when a tenth more is free. */
final class DiskSpaceWatch {
    /** What has changed. */
    enum Change {
        NONE,
        NEARLY_FULL,
        ROOM_AGAIN
    }

    private static final int MARGIN_PART = 10;

    private final long limitBytes;
    private boolean nearlyFull;

    /** @param limitBytes {@code wal.low_space_bytes}; 0: never */
    DiskSpaceWatch(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    Change next(long freeBytes) {
        if (!nearlyFull && freeBytes < limitBytes) {
            nearlyFull = true;
            return Change.NEARLY_FULL;
        }
        if (nearlyFull && freeBytes >= limitBytes + limitBytes / MARGIN_PART) {
            nearlyFull = false;
            return Change.ROOM_AGAIN;
        }
        return Change.NONE;
    }
}
