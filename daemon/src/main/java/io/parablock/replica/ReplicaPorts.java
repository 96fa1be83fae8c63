package io.parablock.replica;

import io.netty.buffer.ByteBufAllocator;
import io.parablock.blockdev.store.BlockStore;
import io.parablock.wal.StateStore;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;

/**
 * What a replica works with.
 *
 * @param loop runs a task on the group's thread, in order
 * @param background runs blocking work: checkpoints and catch-up reads; at least one thread
 * @param nowNs a monotonic clock; it need not count the time of a suspend
 * @param suspendedNs how long the machine was suspended in all, from any fixed point on, as {@code nowNs} does not count it;
 *     {@link SuspendedTime#UNKNOWN} if that cannot be told now
 */
public record ReplicaPorts(
        WalStage wal,
        StateStore state,
        BlockStore store,
        ApplyStage apply,
        PeerSender peers,
        ReplicaEvents events,
        Executor loop,
        Executor background,
        LongSupplier nowNs,
        LongSupplier suspendedNs,
        ByteBufAllocator allocator) {
    /** On a clock that stands still in no suspend, or without leases. */
    public ReplicaPorts(
            WalStage wal,
            StateStore state,
            BlockStore store,
            ApplyStage apply,
            PeerSender peers,
            ReplicaEvents events,
            Executor loop,
            Executor background,
            LongSupplier nowNs,
            ByteBufAllocator allocator) {
        this(wal, state, store, apply, peers, events, loop, background, nowNs, () -> 0, allocator);
    }
}
