package io.parablock.replica;

import io.parablock.blockdev.store.DamagedRange;
import io.parablock.raft.RaftConfig;
import io.parablock.raft.RaftNode;
import io.parablock.raft.log.Entry;
import io.parablock.wal.StateStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What keeps a replica's disk whole: its own scrub and repair, what peers need for theirs, and the pass that adopts a store
 * whose log is lost. On the group's thread.
 */
final class StoreUpkeep {
    /** Adopted in one go, off the group's thread. */
    private static final int ADOPT_BYTES = 8 << 20;

    final BlockRepair repair;
    final BlockSource source;
    final Scrub scrub;

    private final int groupId;
    private final ReplicaPorts ports;
    /** Read off the group's thread only while a part is under way, and then nobody changes it but {@link #beginAdopting}. */
    private volatile long adoptedTo;

    private boolean adoptUnderWay;
    private boolean closed;
    /** How often it was begun by this process. */
    private long adoptions;

    /**
     * @param unreadable begins the repair of a record
     * @param onSettled told when a damaged range is mended, or lost
     * @param hardStates writes META and SYNCREC again
     * @param checkpointer writes CKPT again
     */
    StoreUpkeep(
            RaftConfig raft,
            ScrubConfig config,
            ReplicaPorts ports,
            RaftNode core,
            Consumer<Entry> unreadable,
            Runnable onSettled,
            HardStateWriter hardStates,
            Checkpointer checkpointer) {
        this.groupId = raft.groupId();
        this.ports = ports;
        boolean alone = raft.voters().length == 1;
        DamageReport report = new DamageReport(groupId, ports, alone ? e -> {} : unreadable);
        repair = new BlockRepair(raft, ports, core, report::tellOfBlocks, report::tellOfLost, onSettled::run);
        source = new BlockSource(groupId, ports, core, repair::onDamaged);
        scrub = new Scrub(config, ports, core, new Findings(report, hardStates, checkpointer));
    }

    private final class Findings implements Scrub.Findings {
        private final DamageReport report;
        private final HardStateWriter hardStates;
        private final Checkpointer checkpointer;

        Findings(DamageReport report, HardStateWriter hardStates, Checkpointer checkpointer) {
            this.report = report;
            this.hardStates = hardStates;
            this.checkpointer = checkpointer;
        }

        @Override
        public void onDamagedState(StateStore.Part part, int copies) {
            report.tellOfState(part, copies);
            if (part == StateStore.Part.CHECKPOINT) {
                checkpointer.writeAgain();
            } else {
                hardStates.writeAgain(part);
            }
        }

        @Override
        public void onDamagedRecord(Entry entry) {
            report.onDamagedRecord(entry);
        }

        @Override
        public void onDamagedBlocks(List<DamagedRange> ranges) {
            repair.onDamaged(ranges);
        }

        @Override
        public void onAllChecked() {
            repair.onAllChecked();
        }
    }

    void tick(long nowNs) {
        repair.tick(nowNs);
        if (repair.wantsCheck() && !scrub.isRechecking()) {
            repair.onCheckBegins();
            scrub.recheck();
        }
        scrub.tick(nowNs);
        adoptMore();
    }

    boolean isQuiet() {
        return repair.isQuiet() && scrub.isWaiting() && !ports.store().isAdopting();
    }

    /** The own store counts as it is: what a power loss has torn is taken for good (protocol.md §11). */
    void beginAdopting() {
        ports.store().beginAdopting();
        adoptedTo = 0;
        adoptions++;
    }

    private void adoptMore() {
        if (!adoptUnderWay && !closed && ports.store().isAdopting()) {
            adoptUnderWay = true;
            long begun = adoptions;
            try {
                ports.background().execute(() -> adoptNext(begun));
            } catch (RejectedExecutionException stopping) {
                adoptUnderWay = false;
            }
        }
    }

    private void adoptNext(long begun) {
        long from = adoptedTo;
        long to = Math.min(from + ADOPT_BYTES, ports.store().sizeBytes());
        List<DamagedRange> unreadable = new ArrayList<>();
        RuntimeException failed = null;
        try {
            unreadable.addAll(ports.store().verify(from, to - from));
            if (to >= ports.store().sizeBytes()) {
                ports.store().fsync(); // so that the end takes no long time on the group's thread
            }
        } catch (RuntimeException e) {
            failed = e;
        }
        RuntimeException failure = failed;
        try {
            ports.loop().execute(() -> onAdopted(begun, to, unreadable, failure));
        } catch (RejectedExecutionException stopping) {
            // The next start goes on.
        }
    }

    private void onAdopted(long begun, long to, List<DamagedRange> unreadable, @Nullable RuntimeException failure) {
        adoptUnderWay = false;
        if (closed) {
            return;
        }
        if (failure != null) {
            throw failure;
        }
        if (!unreadable.isEmpty()) {
            repair.onDamaged(unreadable);
        }
        if (begun != adoptions) {
            return; // begun anew
        }
        if (to < ports.store().sizeBytes()) {
            adoptedTo = to;
            adoptMore();
        } else {
            adoptedTo = 0;
            ports.store().endAdopting();
            ports.events().onEvent(groupId, "the block store was adopted as it is: all of it has checksums again");
        }
    }

    /** @return whether the entry was one of the repair's, and none of the log */
    boolean onApplied(Entry e) {
        boolean ours = BlockRepair.isPiece(e);
        if (ours) {
            repair.onMended(e);
        } else {
            repair.onWritten(e.offsetBytes(), e.lengthBytes());
        }
        return ours;
    }

    ReplicaStatus.Blocks status() {
        return new ReplicaStatus.Blocks(
                repair.foundBytes(),
                repair.pendingBytes(),
                repair.mendedBytes(),
                repair.lostBytes(),
                source.servedBytes(),
                repair.isNoted());
    }

    void close() {
        closed = true;
        repair.close();
        source.close();
        scrub.close();
    }
}
