package io.parablock.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.metrics.NodeMeters;
import io.parablock.replica.ReplicaStatus;
import java.util.List;

/**
 * What a node says of itself at one moment.
 *
 * @param nbd where it really listens, host:port
 * @param forming what it waits for before it may take part; empty once the cluster has formed
 * @param connected the peers to which it has a connection
 * @param unanswered requests that its gateway has not answered yet
 */
public record NodeReading(
        int id,
        String nbd,
        String http,
        String mode,
        String durability,
        String walEngine,
        String transport,
        String pipeline,
        String forming,
        int[] voters,
        int[] connected,
        long unanswered,
        long resends,
        long timeouts,
        long sessions,
        List<ReplicaStatus> groups)
        implements Reading {
    public NodeReading {
        groups = List.copyOf(groups);
    }

    @Override
    public ObjectNode json() {
        return StatusJson.of(this);
    }

    @Override
    public void figures(NodeMeters meters) {
        for (ReplicaStatus g : groups) {
            int id = g.groupId();
            meters.figure("term", id, g.raft().term());
            meters.figure("leader", id, g.raft().leader());
            meters.figure("commit.watermark", id, g.raft().commitWatermark());
            meters.figure("applied.watermark", id, g.raft().appliedPrefix());
            meters.figure("holes", id, g.raft().holes());
            meters.figure("in.flight", id, g.raft().inFlight());
            meters.figure("acked.out.of.order", id, g.raft().ackedOutOfOrder());
            meters.figure("committed.out.of.order", id, g.raft().committedOutOfOrder());
            meters.figure("applied.out.of.order", id, g.raft().appliedOutOfOrder());
            meters.figure("conflicts.waited", id, g.raft().conflictsWaited());
            meters.figure("elections", id, g.raft().elections());
            meters.figure("wal.bytes", id, g.walBytes());
            meters.figure("checkpoints", id, g.checkpoints());
            meters.figure("applied.bytes", id, g.appliedBytes());
            meters.figure("scrub.rounds", id, g.scrub().rounds());
            meters.figure("scrub.bytes", id, g.scrub().bytes());
            meters.figure("scrub.progress.percent", id, g.scrub().progressPercent());
            meters.figure("scrub.damaged.records", id, g.scrub().damagedRecords());
            meters.figure("scrub.damaged.bytes", id, g.scrub().damagedBytes());
            meters.figure("scrub.damaged.state", id, g.scrub().damagedState());
            meters.figure("scrub.lost.state", id, g.scrub().lostState());
            meters.figure("blocks.damaged.bytes", id, g.blocks().damagedBytes());
            meters.figure("blocks.pending.bytes", id, g.blocks().pendingBytes());
            meters.figure("blocks.mended.bytes", id, g.blocks().mendedBytes());
            meters.figure("blocks.lost.bytes", id, g.blocks().lostBytes());
            meters.figure("blocks.served.bytes", id, g.blocks().servedBytes());
            meters.figure("blocks.under.repair", id, g.blocks().underRepair() ? 1 : 0);
        }
    }
}
