package io.parablock.main;

import io.netty.buffer.ByteBuf;
import io.parablock.metrics.ForwardingWalStage;
import io.parablock.raft.log.Entry;
import io.parablock.replica.WalStage;
import io.parablock.wal.WalFailedException;
import io.parablock.wal.WalListener;
import java.util.Arrays;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How long the log takes to make a record durable, as the groups see it: of each group one record at a time is timed, so that a
 * write costs one look at a field and allocates nothing.
 *
 * <pre>
 *   replica ──► timed stage ──► Wal ──► (SlowLog) ──► WalLatency ──► WalRouter
 * </pre>
 */
final class WalLatency implements WalListener {
    /** Where a token has its group, see {@link io.parablock.replica.WalRouter}. */
    private static final int GROUP_SHIFT = 48;

    private final WalListener listener;
    private final LongSupplier nowNs;
    /** By group; a group's thread begins, and the thread of the completions ends. Replaced when a group is new. */
    private volatile @Nullable LatencyProbe[] probes = new LatencyProbe[0];

    /** @param groups numbered from 1 to this */
    WalLatency(WalListener listener, int groups, LongSupplier nowNs) {
        this.listener = listener;
        this.nowNs = nowNs;
        for (int group = 1; group <= groups; group++) {
            LatencyProbe unused = added(group);
        }
    }

    private synchronized LatencyProbe added(int group) {
        @Nullable LatencyProbe[] all = Arrays.copyOf(probes, Math.max(probes.length, group + 1));
        LatencyProbe probe = new LatencyProbe();
        all[group] = probe;
        probes = all;
        return probe;
    }

    /** The stage of a group, timed; also of one that is new. */
    WalStage timed(int groupId, WalStage stage) {
        LatencyProbe known = groupId < probes.length ? probes[groupId] : null;
        return new Timed(known == null ? added(groupId) : known, stage);
    }

    /** Mean since the last call, or how long the record that is timed now has taken, if that is more; -1 if nothing was written. */
    long takeNs(int groupId) {
        LatencyProbe probe = probes[groupId];
        return probe == null ? -1 : probe.take(nowNs.getAsLong());
    }

    @Override
    public void onDurable(long token) {
        int group = (int) (token >>> GROUP_SHIFT);
        @Nullable LatencyProbe[] all = probes;
        LatencyProbe probe = group < all.length ? all[group] : null;
        if (probe != null && probe.isTimed(token)) {
            FlightEvents.LogWrite flight = probe.flight;
            if (flight != null) {
                flight.commit();
            }
            probe.end(nowNs.getAsLong());
        }
        listener.onDurable(token);
    }

    @Override
    public void onFailed(WalFailedException failure) {
        listener.onFailed(failure);
    }

    private final class Timed extends ForwardingWalStage {
        private final LatencyProbe probe;

        Timed(LatencyProbe probe, WalStage stage) {
            super(stage);
            this.probe = probe;
        }

        @Override
        public void append(int groupId, Entry entry, @Nullable ByteBuf payload, long token) {
            if (probe.isIdle()) {
                probe.flight = FlightEvents.LogWrite.begin(groupId, entry.slot(), entry.payloadLength());
                probe.begin(token, nowNs.getAsLong());
            }
            super.append(groupId, entry, payload, token);
        }
    }
}
