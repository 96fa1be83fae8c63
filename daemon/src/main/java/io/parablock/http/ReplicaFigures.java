package io.parablock.http;

import io.parablock.metrics.Metric;
import io.parablock.metrics.NodeMeters;
import io.parablock.raft.RaftStatus;
import io.parablock.raft.Role;
import io.parablock.replica.ReplicaStatus;
import io.parablock.replica.ScrubStatus;

/** A replica's figures for {@code /metrics}. */
final class ReplicaFigures {
    private ReplicaFigures() {}

    /** @param voters in the order of {@link RaftStatus#peerContig} */
    static void set(NodeMeters meters, ReplicaStatus g, int[] voters) {
        int id = g.groupId();
        consensus(meters, id, g.raft());
        lag(meters, id, g.raft(), voters);
        catchUp(meters, id, g);
        scrub(meters, id, g.scrub());
        blocks(meters, id, g.blocks());
        meters.figure(Metric.PROPOSALS_QUEUED, id, g.proposalsQueued());
        meters.figure(Metric.READS, id, g.reads());
        meters.figure(Metric.LEASE_READS, id, g.leaseReads());
        meters.figure(Metric.LEASE_MISSES, id, g.leaseMisses());
        meters.figure(Metric.FLUSHES, id, g.flushes());
        meters.figure(Metric.MESSAGES_DROPPED, id, g.messagesDropped());
        meters.figure(Metric.ENTRIES_REFUSED, id, g.entriesRefused());
        meters.figure(Metric.CHECKPOINTS, id, g.checkpoints());
        meters.figure(Metric.CHECKPOINT_RUNNING, id, flag(g.checkpointRunning()));
        meters.figure(Metric.CHECKPOINT_SLOT, id, g.checkpointSlot());
        meters.figure(Metric.APPLIED_ENTRIES, id, g.appliedEntries());
        meters.figure(Metric.APPLIED_BYTES, id, g.appliedBytes());
        meters.figure(Metric.PAYLOAD_CACHE, id, g.payloadCacheBytes());
        meters.figure(Metric.FATAL, id, flag(!g.fatal().isEmpty()));
    }

    private static long flag(boolean value) {
        return value ? 1 : 0;
    }

    private static void consensus(NodeMeters meters, int id, RaftStatus r) {
        meters.figure(Metric.LEADER, id, r.leader());
        meters.figure(Metric.LEADS, id, flag(r.ready()));
        meters.figure(Metric.TERM, id, r.term());
        meters.figure(Metric.LAST_SLOT, id, r.lastSlot());
        meters.figure(Metric.COMMIT_WATERMARK, id, r.commitWatermark());
        meters.figure(Metric.APPLIED_WATERMARK, id, r.appliedPrefix());
        meters.figure(Metric.HOLES, id, r.holes());
        meters.figure(Metric.IN_FLIGHT, id, r.inFlight());
        meters.figure(Metric.ACKED_OUT_OF_ORDER, id, r.ackedOutOfOrder());
        meters.figure(Metric.SENT_AGAIN_OVERTAKEN, id, r.sentAgainOvertaken());
        meters.figure(Metric.COMMITTED_OUT_OF_ORDER, id, r.committedOutOfOrder());
        meters.figure(Metric.APPLIED_OUT_OF_ORDER, id, r.appliedOutOfOrder());
        meters.figure(Metric.CONFLICTS_WAITED, id, r.conflictsWaited());
        meters.figure(Metric.LOG_BASE, id, r.logBase());
    }

    private static void lag(NodeMeters meters, int id, RaftStatus r, int[] voters) {
        String group = Integer.toString(id);
        long[] prefixes = r.peerContig();
        for (int i = 0; i < voters.length; i++) {
            String peer = Integer.toString(voters[i]);
            if (r.role() == Role.LEADER && i < prefixes.length && prefixes[i] >= 0) {
                meters.figure(Metric.PEER_LAG, Math.max(0, r.lastSlot() - prefixes[i]), group, peer);
            } else {
                meters.forget(Metric.PEER_LAG, group, peer);
            }
        }
    }

    private static void catchUp(NodeMeters meters, int id, ReplicaStatus g) {
        RaftStatus r = g.raft();
        meters.figure(Metric.NEEDS_CATCH_UP, id, flag(g.needsInstall() || r.installing()));
        meters.figure(Metric.INSTALLING, id, flag(r.installing()));
        meters.figure(Metric.INSTALL_DONE, id, r.installDoneBytes());
        meters.figure(Metric.INSTALL_TOTAL, id, r.installTotalBytes());
        meters.figure(Metric.AMNESIAC, id, flag(r.amnesiac()));
        meters.figure(Metric.CURE_HELD, id, r.amnesiac() ? r.contigPrefix() : 0);
        meters.figure(Metric.CURE_NEEDED, id, r.cureTo());
    }

    private static void scrub(NodeMeters meters, int id, ScrubStatus s) {
        meters.figure(Metric.SCRUB_ROUNDS, id, s.rounds());
        meters.figure(Metric.SCRUB_BYTES, id, s.bytes());
        meters.ratio(Metric.SCRUB_PROGRESS, s.progressPercent() / 100.0, Integer.toString(id));
        meters.figure(Metric.SCRUB_DAMAGED_RECORDS, id, s.damagedRecords());
        meters.figure(Metric.SCRUB_DAMAGED_BYTES, id, s.damagedBytes());
        meters.figure(Metric.SCRUB_DAMAGED_STATE, id, s.damagedState());
        meters.figure(Metric.SCRUB_LOST_STATE, id, s.lostState());
    }

    private static void blocks(NodeMeters meters, int id, ReplicaStatus.Blocks b) {
        meters.figure(Metric.BLOCKS_DAMAGED, id, b.damagedBytes());
        meters.figure(Metric.BLOCKS_PENDING, id, b.pendingBytes());
        meters.figure(Metric.BLOCKS_MENDED, id, b.mendedBytes());
        meters.figure(Metric.BLOCKS_LOST, id, b.lostBytes());
        meters.figure(Metric.BLOCKS_SERVED, id, b.servedBytes());
        meters.figure(Metric.BLOCKS_UNDER_REPAIR, id, flag(b.underRepair()));
    }
}
