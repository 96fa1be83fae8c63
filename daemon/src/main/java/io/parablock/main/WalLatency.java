package io.parablock.main;

import io.netty.buffer.ByteBuf;
import io.parablock.metrics.ForwardingWalStage;
import io.parablock.raft.log.Entry;
import io.parablock.replica.WalStage;
import io.parablock.wal.WalFailedException;
import io.parablock.wal.WalListener;
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
    /** By group; a group's thread begins, and the thread of the completions ends. */
    private final LatencyProbe[] probes;

    /** @param groups numbered from 1 to this */
    WalLatency(WalListener listener, int groups, LongSupplier nowNs) {
        this.listener = listener;
        this.nowNs = nowNs;
        this.probes = new LatencyProbe[groups + 1];
        for (int i = 0; i < probes.length; i++) {
            probes[i] = new LatencyProbe();
        }
    }

    /** The stage of a group, timed. */
    WalStage timed(int groupId, WalStage stage) {
        return new Timed(probes[groupId], stage);
    }

    /** Mean since the last call, or how long the record that is timed now has taken, if that is more; -1 if nothing was written. */
    long takeNs(int groupId) {
        return probes[groupId].take(nowNs.getAsLong());
    }

    @Override
    public void onDurable(long token) {
        int group = (int) (token >>> GROUP_SHIFT);
        if (group < probes.length && probes[group].isTimed(token)) {
            FlightEvents.LogWrite flight = probes[group].flight;
            if (flight != null) {
                flight.commit();
            }
            probes[group].end(nowNs.getAsLong());
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
