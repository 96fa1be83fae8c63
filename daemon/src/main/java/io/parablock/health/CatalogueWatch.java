package io.parablock.health;

import io.parablock.config.NodeConfig.SlowKeys;
import io.parablock.http.CatalogueReading;
import io.parablock.http.NodeReading;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** The catalogue of volumes on this node, sample after sample: its group, and whether the node follows it. Not thread-safe. */
final class CatalogueWatch {
    /** Named limit: elections, and volumes that are being opened, are over by then. */
    private static final long STUCK_NS = 5_000_000_000L;

    private static final long NEVER = Long.MIN_VALUE;

    private final GroupWatch group;
    private final IntPredicate connected;
    private long groupSinceNs = NEVER;
    private long versionSinceNs = NEVER;

    CatalogueWatch(NodeReading node, int span, IntPredicate connected) {
        this.group = new GroupWatch(node.id(), node.voters(), span);
        this.connected = connected;
    }

    /** Once a second. */
    void sample(NodeReading node, SlowKeys limits, long nowNs) {
        CatalogueReading c = node.catalogue();
        // Whoever is slow with volumes is told of there.
        List<FollowerChange> unused =
                group.sample(c.replica(), node.forming(), connected, GroupTiming.UNKNOWN, limits, nowNs);
        boolean serves = judge(node, limits, nowNs).state() == State.SERVING;
        groupSinceNs = serves || !node.forming().isEmpty() ? NEVER : groupSinceNs == NEVER ? nowNs : groupSinceNs;
        boolean follows = c.version() >= c.decided();
        versionSinceNs = follows ? NEVER : versionSinceNs == NEVER ? nowNs : versionSinceNs;
    }

    GroupHealth judge(NodeReading node, SlowKeys limits, long nowNs) {
        return group.judge(node.catalogue().replica(), node.forming(), connected, List.of(), limits, nowNs);
    }

    /**
     * What to warn of.
     *
     * @param nodeServes false: the node's state says already that it serves nothing
     */
    @Nullable
    String warning(NodeReading node, boolean nodeServes, SlowKeys limits, long nowNs) {
        if (nodeServes && isLong(groupSinceNs, nowNs)) {
            return "catalogue: " + judge(node, limits, nowNs).line() + "; volumes cannot be changed here meanwhile";
        }
        if (isLong(versionSinceNs, nowNs)) {
            return "catalogue: this node serves version " + node.catalogue().version() + " of the volumes, version "
                    + node.catalogue().decided() + " is decided; its log says why";
        }
        return null;
    }

    private static boolean isLong(long sinceNs, long nowNs) {
        return sinceNs != NEVER && nowNs - sinceNs >= STUCK_NS;
    }
}
