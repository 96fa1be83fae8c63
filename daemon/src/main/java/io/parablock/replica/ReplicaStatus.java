package io.parablock.replica;

import io.parablock.raft.RaftNode;
import io.parablock.raft.RaftStatus;
import io.parablock.wal.Wal;
import org.jspecify.annotations.Nullable;

/**
 * A reading of one replica for status and metrics.
 *
 * @param needsInstall the leader's log no longer has what this replica lacks
 * @param proposalsQueued client requests waiting for the in-flight window
 * @param leaseReads reads that asked no quorum, of {@code reads}
 * @param leaseMisses reads whose lease had ended when their content was there: a quorum was asked then
 * @param messagesDropped messages not sent because their payloads could not be read back in time
 * @param entriesRefused incoming entries with a bad checksum or bounds
 * @param blocks damage of the block store
 * @param fatal the line of the error that stopped the replica, or empty
 */
public record ReplicaStatus(
        int groupId,
        RaftStatus raft,
        boolean needsInstall,
        String walEngine,
        long walBytes,
        long payloadCacheBytes,
        long checkpointSlot,
        long checkpoints,
        boolean checkpointRunning,
        int proposalsQueued,
        int requestsInFlight,
        long appliedEntries,
        long appliedBytes,
        long reads,
        long leaseReads,
        long leaseMisses,
        long flushes,
        long messagesDropped,
        long entriesRefused,
        ScrubStatus scrub,
        Blocks blocks,
        String fatal) {
    /**
     * Since the start of the process, in bytes.
     *
     * @param damagedBytes found damaged by reads, peers and the scrub
     * @param pendingBytes of these, waiting for a peer's copy
     * @param mendedBytes written anew with a peer's copy
     * @param lostBytes damaged on every node: reads fail until they are written
     * @param servedBytes given to peers for their repair
     * @param underRepair the store is noted to have damage, now or since before the start: it holds nothing for the floor until
     *     all of it was checked and is mended
     */
    public record Blocks(
            long damagedBytes,
            long pendingBytes,
            long mendedBytes,
            long lostBytes,
            long servedBytes,
            boolean underRepair) {}

    static ReplicaStatus of(
            int groupId,
            RaftNode core,
            Wal wal,
            long payloadCacheBytes,
            Checkpointer checkpointer,
            ClientRequests requests,
            long appliedEntries,
            long appliedBytes,
            long messagesDropped,
            long entriesRefused,
            ScrubStatus scrub,
            Blocks blocks,
            @Nullable String fatal) {
        return new ReplicaStatus(
                groupId,
                core.status(),
                core.needsInstall(),
                wal.engine(),
                wal.sizeBytes(),
                payloadCacheBytes,
                checkpointer.slot(),
                checkpointer.taken(),
                checkpointer.isRunning(),
                requests.queued(),
                requests.inFlight(),
                appliedEntries,
                appliedBytes,
                requests.reads(),
                requests.leaseReads(),
                requests.leaseMisses(),
                requests.flushes(),
                messagesDropped,
                entriesRefused,
                scrub,
                blocks,
                fatal == null ? "" : fatal);
    }
}
