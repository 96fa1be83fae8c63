package io.parablock.main;

import io.parablock.events.EventKind;
import io.parablock.events.EventLog;
import io.parablock.health.DiskSpace;
import io.parablock.health.FollowerChange;
import io.parablock.health.Limits;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What {@link io.parablock.health.NodeWatch} judges anew, as events. */
final class HealthEvents {
    private static final long NS_PER_MS = 1_000_000;

    private final EventLog events;
    private final Path dataDir;

    HealthEvents(EventLog events, Path dataDir) {
        this.events = events;
        this.dataDir = dataDir;
    }

    /** @param byMs 0 if it has not jumped */
    void onClock(long byMs) {
        if (byMs != 0) {
            String text = "the system's clock has jumped by " + byMs + " ms: it was set, or the machine was suspended";
            events.tell(EventKind.CLOCK_JUMPED, 0, text, byMs);
        }
    }

    /** @param change null if there is none */
    void onDisk(@Nullable DiskSpace change, Limits limits) {
        if (change == null) {
            return;
        }
        long free = change.freeBytes();
        long limit = limits.health().diskFreeBytes();
        String has = "the disk of " + dataDir + " has " + free + " bytes free";
        if (change.nearlyFull()) {
            events.tell(EventKind.DISK_NEARLY_FULL, 0, has + ", less than health.disk_free, " + limit, free, limit);
        } else {
            events.tell(EventKind.DISK_ROOM_AGAIN, 0, has + " again", free);
        }
    }

    void onFollower(FollowerChange c) {
        Long ackMs = c.ackNs() < 0 ? null : (Long) (c.ackNs() / NS_PER_MS);
        Long othersMs = c.othersNs() < 0 ? null : (Long) (c.othersNs() / NS_PER_MS);
        Long lag = c.lagSlots() < 0 ? null : (Long) c.lagSlots();
        long behindMs = c.behindNs() / NS_PER_MS;
        String figures = (ackMs == null ? "" : ", acknowledges in " + ackMs + " ms")
                + (othersMs == null ? "" : " (the others " + othersMs + " ms)")
                + (lag == null
                        ? ""
                        : ", is " + lag + " slots and " + String.format(Locale.ROOT, "%.1f", behindMs / 1e3)
                                + " s behind");
        events.tell(
                c.slow() ? EventKind.SLOW_FOLLOWER : EventKind.FOLLOWER_RECOVERED,
                c.group(),
                "node " + c.peer() + (c.slow() ? " is slow" : " is not slow any more") + figures,
                c.peer(),
                ackMs,
                othersMs,
                lag,
                behindMs);
    }
}
