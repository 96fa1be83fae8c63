package io.parablock.health;

import io.parablock.http.CatalogueReading;
import io.parablock.http.NodeReading;
import io.parablock.raft.RaftStatus;
import io.parablock.raft.Role;
import io.parablock.raft.membership.Members;
import io.parablock.replica.ReplicaStatus;
import io.parablock.replica.ScrubStatus;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A reading of a group of nodes 1, 2 and 3, as a test wants it; by default a follower of node 1 that holds 100 slots. */
final class Readings {
    static final int[] VOTERS = {1, 2, 3};

    int group = 1;
    Role role = Role.FOLLOWER;
    int leader = 1;
    long term = 3;
    long syncTerm = 3;
    long lastSlot = 100;
    long contig = 100;
    long commit = 100;
    long applied = 100;
    Members members = Members.founders(VOTERS);
    boolean amnesiac;
    long cureTo;
    long[] peerContig = {-1, -1, -1};
    boolean installing;
    long installDone;
    long installTotal;
    boolean needsInstall;
    String fatal = "";
    long walBytes = 1 << 20;
    long scrubBytes;
    int scrubPercent;
    long pendingBytes;
    long lostBytes;
    Map<Integer, List<Integer>> slowFollowers = Map.of();
    /** The catalogue's group, if it is not as this one. */
    @Nullable
    Readings catalogue;

    long version = 3;
    long decided = 3;

    Readings leads(long... contigs) {
        role = Role.LEADER;
        peerContig = contigs;
        return this;
    }

    ReplicaStatus group() {
        RaftStatus raft = new RaftStatus(
                role,
                leader,
                term,
                syncTerm,
                0,
                lastSlot,
                contig,
                commit,
                applied,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                1,
                role == Role.LEADER,
                amnesiac,
                cureTo,
                peerContig,
                installing,
                installDone,
                installTotal,
                members,
                "");
        return new ReplicaStatus(
                group,
                raft,
                needsInstall,
                "memory",
                walBytes,
                0,
                0,
                0,
                false,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                new ScrubStatus(0, scrubBytes, 0, 0, 0, 0, scrubPercent),
                new ReplicaStatus.Blocks(pendingBytes + lostBytes, pendingBytes, 0, lostBytes, 0, pendingBytes > 0),
                fatal);
    }

    /** Of one group, on this node. */
    NodeReading node(int id, String forming) {
        return new NodeReading(
                id,
                "",
                "",
                "parallel",
                "fsync",
                "memory",
                "nio",
                "inline",
                forming,
                VOTERS,
                new int[0],
                0,
                0,
                0,
                0,
                List.of(),
                List.of(group()),
                slowFollowers,
                new CatalogueReading(catalogue == null ? group() : catalogue.group(), version, decided, 2));
    }
}
