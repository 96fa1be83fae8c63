package io.parablock.simulator;

import io.parablock.raft.membership.Seat;
import io.parablock.replica.Formation;
import io.parablock.simulator.disk.SectorNodeStorage;
import io.parablock.wal.WalFullException;
import io.parablock.wal.WalListener;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The disk of one machine, and what its owner can still say of it. */
final class NodeDisk {
    private final NodeStorage storage;
    private final boolean mapped;
    private final DurableSteps steps;
    private final BlockDamage blockDamage;
    /** durability=mapped: the machine lost its power, and not after an orderly stop. */
    private boolean unclean;
    /** Its log is damaged beyond what the node may vouch for: it starts amnesiac. */
    private boolean lost;
    /** So much is unreadable that the node does not start. Nobody replaces it in this run. */
    private boolean refused;
    /** META or SYNCREC is lost: the node starts, and no leader may cure it. Nobody replaces it in this run. */
    private boolean stateLost;
    /** Writes fail, or soon will: the node has to stop. */
    private boolean failing;

    /** It voted for a merge over every voter, and was not installed since. */
    private boolean suspect;

    private boolean powerLossNext;
    /** It was lost once, and an empty one is in its place: its node must stop as a stranger. */
    private boolean wiped;

    /** Its node does not start yet: the disk before it has to be given up first. */
    private boolean held;
    /** The cluster has given up the disk before it. */
    private boolean successor;

    /** The file {@code identity}. */
    private Formation.Standing standing;

    NodeDisk(
            NodeStorage storage,
            Formation.Standing standing,
            boolean mapped,
            DurableSteps steps,
            BlockDamage blockDamage) {
        this.storage = storage;
        this.standing = standing;
        this.mapped = mapped;
        this.steps = steps;
        this.blockDamage = blockDamage;
        storage.formed(!standing.members().isEmpty());
    }

    NodeStorage.Ports open(WalListener listener, DiskTime time) {
        return storage.open(listener, time);
    }

    /** What a start makes of it. Returns what is wrong with that, or null. */
    @Nullable
    String onStarted(boolean bystander, boolean suspected, boolean amnesiac) {
        String wrong = null;
        if (bystander) {
            wrong = unlessLost("has lost META or SYNCREC");
            onStateLost();
        } else if (suspected) {
            onSuspect();
        } else if (amnesiac && !unclean) {
            wrong = unlessLost("starts amnesiac");
            onAmnesiac();
        }
        return !amnesiac && storage.hasUnprovenTail() ? "starts with a log whose end proves nothing" : wrong;
    }

    /** A start that refused: nobody replaces the node in this run. */
    @Nullable
    String onRefused(String why) {
        String wrong = unlessLost("refuses to start: " + why);
        refused = true;
        storage.lost(true);
        return wrong;
    }

    private @Nullable String unlessLost(String what) {
        return storage.isLost() ? null : what + ", although its disk holds what it needs";
    }

    void kill() {
        storage.kill();
    }

    /** @param forgets what was acknowledged may have been in memory only */
    void powerLoss(boolean forgets) {
        if (mapped && forgets) {
            unclean = true;
            storage.lost(true);
        }
        storage.powerLoss();
        blockDamage.powerLoss();
    }

    /** From here on it works, and has room. */
    void heal() {
        steps.reset();
        failing = false;
        powerLossNext = false;
        SectorNodeStorage s = sectors();
        if (s != null) {
            MediaFaults.heal(s);
        }
    }

    Formation.Standing standing() {
        return standing;
    }

    void onFormed(SortedMap<Integer, Long> members, SortedMap<Integer, Seat> changed) {
        standing = new Formation.Standing(standing.incarnation(), members, changed);
        storage.formed(true);
    }

    void onChanged(SortedMap<Integer, Seat> changed) {
        standing = new Formation.Standing(standing.incarnation(), standing.members(), changed);
    }

    void hold() {
        held = true;
    }

    /** From here on its node may start, and be let in. */
    void letIn() {
        held = false;
        successor = true;
    }

    /** The log says that it counts: it has everything that was answered. */
    void onCounts() {
        wiped = false;
        onPutIn();
    }

    /** Whatever became of another disk in the same machine. */
    void onPutIn() {
        storage.lost(isUncured() || suspect || isOutForGood());
    }

    /** It is lost, and its node's owner gives it up. */
    void retire() {
        blockDamage.wipe();
        wiped = true;
    }

    boolean isSuccessor() {
        return successor;
    }

    boolean staysOut() {
        return refused || held;
    }

    /** An empty disk is in its place. */
    void wipe(long incarnation) {
        storage.wipe();
        blockDamage.wipe();
        storage.lost(true);
        standing = new Formation.Standing(incarnation, new TreeMap<>());
        wiped = true;
        successor = false;
        suspect = false;
        unclean = false;
        lost = false;
    }

    boolean isSuspect() {
        return suspect;
    }

    boolean isWiped() {
        return wiped;
    }

    void onStranger() {
        refused = true;
    }

    private void onStateLost() {
        stateLost = true;
        storage.lost(true);
    }

    private void onAmnesiac() {
        lost = true;
        storage.lost(true);
    }

    void onSuspect() {
        suspect = true;
        storage.lost(true);
    }

    /** As the production node's clean mark. */
    void onCured() {
        if (stateLost) {
            throw new AssertionError("a node was cured of the loss of META or SYNCREC");
        }
        unclean = false;
        lost = false;
        suspect = false;
        storage.lost(false);
    }

    void onFailing() {
        failing = true;
    }

    void losePowerAtNextCrash() {
        powerLossNext = true;
    }

    boolean takePowerLossNext() {
        boolean was = powerLossNext;
        powerLossNext = false;
        return was;
    }

    /** Whether a failure is one that was meant to be. */
    boolean isInjected(Throwable cause) {
        for (Throwable t = cause; t != null; t = t.getCause()) {
            if (String.valueOf(t.getMessage()).contains("injected") || (failing && t instanceof WalFullException)) {
                return true;
            }
        }
        return false;
    }

    boolean isFailing() {
        return failing;
    }

    boolean isUnclean() {
        return unclean;
    }

    /** It has forgotten, now or in an earlier run, and was not cured since: the clean mark says so at every start. */
    boolean isUncured() {
        return unclean || lost;
    }

    /** The machine may lose its power together with all others, though what was not flushed may be lost then. */
    boolean mayBlackOut() {
        return !lost && !isOutForGood() && !storage.isDamaged();
    }

    /** What it has forgotten was never flushed: the clean mark knows of worse. */
    boolean isFlushedHere() {
        return !lost;
    }

    boolean isStateLost() {
        return stateLost;
    }

    boolean isRefused() {
        return refused;
    }

    /** It never votes or acknowledges again in this run. */
    boolean isOutForGood() {
        return wiped || refused || stateLost;
    }

    boolean mayLose() {
        return storage.mayLose();
    }

    /** The node has forgotten, does not start, or some of its copies are bad. */
    boolean mayBeOfNoHelp() {
        return unclean || lost || suspect || isOutForGood() || storage.isDamaged() || blockDamage.any();
    }

    BlockDamage blockDamage() {
        return blockDamage;
    }

    /** Null if it is memory. */
    @Nullable
    SectorNodeStorage sectors() {
        return storage instanceof SectorNodeStorage s ? s : null;
    }
}
