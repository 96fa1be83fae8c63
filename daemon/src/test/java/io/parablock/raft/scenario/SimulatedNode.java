package io.parablock.raft.scenario;

import io.parablock.raft.RaftNode;
import io.parablock.raft.Role;
import io.parablock.raft.log.Entry;
import io.parablock.raft.membership.Members;
import io.parablock.raft.message.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** One node: its core while it runs, its disk, its block store as 512-byte sectors, and what is under way. */
final class SimulatedNode {
    static final int SECTOR_BYTES = 512;

    /** Where the next output that has such a part makes the node crash. */
    enum CrashPoint {
        NONE,
        BEFORE_SYNC_RECORD,
        AFTER_SYNC_RECORD,
        BEFORE_HARD_STATE,
        BEFORE_MESSAGES
    }

    /** A force of the WAL under way: it covers what was written when it began. */
    record Forcing(int from, long id, long number, List<Entry> written) {}

    final int id;
    SimulatedDisk disk = new SimulatedDisk();
    /** Of its disk. */
    long incarnation;
    /** Whom this disk was told to count when it was new. */
    @Nullable
    Members founders;

    final List<Entry> appending = new ArrayList<>();
    final List<Entry> applying = new ArrayList<>();
    final List<Forcing> forcing = new ArrayList<>();

    /** The slots applied since the last start, above the checkpoint that it started from. */
    final TreeMap<Long, Entry> applied = new TreeMap<>();

    /** Sector to the slot written last: what the page cache has, and what the last fsync has. */
    final Map<Long, Long> device = new HashMap<>();

    final Map<Long, Long> fsyncedDevice = new HashMap<>();

    @Nullable
    RaftNode raft;

    long boot;
    final List<Message.InstallExtent> installWrites = new ArrayList<>();
    boolean installStepDue;
    /** e of the last install. */
    long readableFrom;

    long startedFrom;
    /** Of the machine, in all; its clock does not count them. */
    long suspendedNs;

    boolean autoDurable = true;
    boolean autoApply = true;
    CrashPoint crashAt = CrashPoint.NONE;
    Role lastRole = Role.FOLLOWER;

    SimulatedNode(int id) {
        this.id = id;
        this.incarnation = id;
    }

    boolean isUp() {
        return raft != null;
    }

    RaftNode core() {
        if (raft == null) {
            throw new AssertionError("node " + id + " is down");
        }
        return raft;
    }

    Members members(int nodes) {
        return founders != null
                ? founders
                : Members.founders(IntStream.rangeClosed(1, nodes).toArray());
    }

    /** What the store must take first, so that it may take this one. */
    Entry firstOverlapping(Entry e) {
        for (Entry other : applying) {
            if (SafetyChecker.overlap(other, e)) {
                // What is first for e may itself have to wait for one that e does not touch.
                return other.equals(e) ? e : firstOverlapping(other);
            }
        }
        return e;
    }

    boolean hasApplied(long slot) {
        return slot <= startedFrom || applied.containsKey(slot);
    }

    void write(Entry e) {
        for (long b = e.offsetBytes(); b < e.offsetBytes() + e.lengthBytes(); b += SECTOR_BYTES) {
            device.put(b / SECTOR_BYTES, e.slot());
        }
    }

    /** Everything volatile is gone; the block store falls back to its last fsync, or keeps what the page cache had. */
    void crash(boolean keepStore) {
        raft = null;
        appending.clear();
        applying.clear();
        forcing.clear();
        applied.clear();
        installWrites.clear();
        installStepDue = false;
        crashAt = CrashPoint.NONE;
        lastRole = Role.FOLLOWER;
        if (!keepStore) {
            device.clear();
            device.putAll(fsyncedDevice);
        }
    }
}
