package io.parablock.replica;

import io.parablock.raft.RaftNode;
import io.parablock.raft.log.Entry;

/** What keeps a block store whole: its own repair, and what peers need for theirs. On the group's thread. */
final class StoreUpkeep {
    final BlockRepair repair;
    final BlockSource source;

    StoreUpkeep(int groupId, int nodeId, int[] voters, ReplicaPorts ports, RaftNode core, Runnable onSettled) {
        repair = new BlockRepair(groupId, nodeId, voters, ports, core, onSettled::run);
        source = new BlockSource(groupId, ports, core, repair::onDamaged);
    }

    void tick(long nowNs) {
        repair.tick(nowNs);
    }

    /** @return whether the entry was one of the repair's, and none of the log */
    boolean onApplied(Entry e) {
        boolean ours = BlockRepair.isPiece(e);
        if (ours) {
            repair.onWritten(e);
        }
        return ours;
    }

    ReplicaStatus.Blocks status() {
        return new ReplicaStatus.Blocks(
                repair.foundBytes(),
                repair.pendingBytes(),
                repair.mendedBytes(),
                repair.lostBytes(),
                source.servedBytes());
    }

    void close() {
        source.close();
    }
}
