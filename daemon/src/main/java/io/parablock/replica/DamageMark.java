package io.parablock.replica;

import io.parablock.raft.RaftNode;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The note on the own block store that blocks of it are damaged, and what follows from it for the floor (docs/protocol.md,
 * "Repair of blocks"). It outlives the process, which forgets where the damage is: then all blocks are checked first.
 *
 * <pre>
 *           damage, durable before anything else                 nothing pending, all checked
 *   whole ───────────────────────────────────► under repair ────────────────────────────────► forced ─a while─► whole
 *                                                ▲     ▲                                        │
 *                            a start that finds it     └──────────────── more damage ───────────┘
 * </pre>
 *
 * <p>All calls on the group's thread; the force runs in the background.
 */
final class DamageMark {
    /** The note goes so long after the last find: many ranges, one after the other, make one note. */
    private static final long QUIET_NS = 1_000_000_000L;

    private final int groupId;
    private final ReplicaPorts ports;
    private final RaftNode core;
    /** Alone, no other store is to be protected from this one. */
    private final boolean alone;

    private boolean noted;
    /** Damage that is known to nobody any more may be anywhere in the store. */
    private boolean checkOwed;
    /** More was found than is kept, since the last check began. */
    private boolean tooMany;

    private long lastFindNs;
    /** Changes by which damage comes or goes: a peer's copy, or a write. */
    private long changes;
    /** Of these, how many are surely on the disk. */
    private long forced;

    private boolean forcing;
    private boolean closed;

    DamageMark(int groupId, ReplicaPorts ports, RaftNode core, boolean alone) {
        this.groupId = groupId;
        this.ports = ports;
        this.core = core;
        this.alone = alone;
        this.noted = !alone && ports.store().isUnderRepair();
        this.checkOwed = noted;
        // An earlier process may have mended what is in the page cache only.
        this.changes = noted ? 1 : 0;
        this.lastFindNs = ports.nowNs().getAsLong();
        if (noted) {
            tellCore(false);
            ports.events()
                    .onEvent(
                            groupId,
                            "blocks of the store were damaged when it was last in use: all of them are checked again");
        }
    }

    /** Durable when it returns: what is said to anybody from now on is said with it. */
    void onFound(long nowNs) {
        lastFindNs = nowNs;
        if (!alone) {
            // What takes it away again, a peer's copy or a write, has to be on the disk before the note goes.
            changes++;
            if (!noted) {
                ports.store().beginRepair();
                noted = true;
            }
        }
    }

    /** More was found than is kept. */
    void onTooMany() {
        checkOwed = noted;
        tooMany = true;
    }

    /** All blocks are about to be read, from one end to the other. */
    void onCheckBegins() {
        tooMany = false;
    }

    /** They were: what is damaged of them is known, unless that was too much. */
    void onChecked() {
        checkOwed = noted && tooMany;
    }

    boolean isCheckOwed() {
        return checkOwed;
    }

    boolean isNoted() {
        return noted;
    }

    /** A peer's copy, or a write, is in the page cache: with a log that may forget, too, nowhere else. */
    void onMended() {
        if (!alone) {
            changes++;
        }
    }

    /** @param pending damaged blocks are known, and may be had from a peer */
    void tellCore(boolean pending) {
        core.onBlocksPending(pending || checkOwed || forced < changes);
    }

    /** @param lost blocks are damaged on every node: they stay noted, so that a start looks for them again */
    void tick(long nowNs, boolean pending, boolean lost) {
        if (!noted || closed) {
            return;
        }
        tellCore(pending);
        if (pending || checkOwed || forcing || nowNs - lastFindNs < QUIET_NS) {
            return;
        }
        if (forced < changes) {
            force();
        } else if (!lost) {
            ports.store().endRepair();
            noted = false;
            tellCore(false);
            ports.events().onEvent(groupId, "no damaged block is left in the store");
        }
    }

    private void force() {
        forcing = true;
        long upTo = changes;
        try {
            ports.background().execute(() -> {
                RuntimeException failure = failureOfForce();
                try {
                    ports.loop().execute(() -> onForced(upTo, failure));
                } catch (RejectedExecutionException stopping) {
                    // The next start finds the note.
                }
            });
        } catch (RejectedExecutionException stopping) {
            closed = true;
        }
    }

    private @Nullable RuntimeException failureOfForce() {
        try {
            ports.store().fsync();
            return null;
        } catch (RuntimeException e) {
            return e;
        }
    }

    private void onForced(long upTo, @Nullable RuntimeException failure) {
        forcing = false;
        if (closed) {
            return;
        }
        if (failure != null) {
            throw failure;
        }
        forced = upTo;
    }

    void close() {
        closed = true;
    }
}
