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
        ByteBufAllocator allocator) {}
