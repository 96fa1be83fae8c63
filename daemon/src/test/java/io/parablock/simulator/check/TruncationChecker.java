package io.parablock.simulator.check;

import io.parablock.raft.state.Checkpoint;
import java.util.Arrays;

/**
 * Invariant 13: a log loses only what a durable checkpoint has, and what a quorum has held contiguously in logs or in stores
 * that were not installing (floor, §7). The end of an install drops what lies up to its base, which is its leader's applied
 * prefix.
 */
final class TruncationChecker implements Checker {
    private final Ledger ledger;
    private final long[] truncatedTo;
    private final long[] heldTo;
    private final long[] installedTo;
    private final boolean[] midInstall;
    /** Another store counts since the last merge over every voter, and this one was not installed from it yet. */
    private final boolean[] outdated;

    TruncationChecker(Ledger ledger) {
        this.ledger = ledger;
        this.truncatedTo = new long[ledger.shape().voters() + 1];
        this.heldTo = new long[ledger.shape().voters() + 1];
        this.installedTo = new long[ledger.shape().voters() + 1];
        this.midInstall = new boolean[ledger.shape().voters() + 1];
        this.outdated = new boolean[ledger.shape().voters() + 1];
    }

    @Override
    public void onWiped(int node) {
        truncatedTo[node] = 0;
        installedTo[node] = 0;
        midInstall[node] = false;
    }

    @Override
    public void onAmnesiacMerge(int node, long term) {
        Arrays.fill(outdated, true);
        outdated[node] = false;
    }

    @Override
    public void onInstallBegun(int node) {
        if (outdated[node]) {
            heldTo[node] = 0;
        } else if (!midInstall[node]) {
            // A floor may have counted what it held up to now, and never goes down: a node that holds all up to a floor
            // is installed only for what it lost to damage since then. What its log gets from now on counts for
            // nothing.
            DiskBook disk = ledger.disk(node);
            long last = ledger.committedPrefix();
            while (heldTo[node] < last && (disk.isCovered(heldTo[node] + 1) || hasHeld(node, heldTo[node] + 1))) {
                heldTo[node]++;
            }
        }
        midInstall[node] = true;
    }

    @Override
    public void onCheckpointDurable(int node, Checkpoint checkpoint, boolean installed) {
        if (installed) {
            installedTo[node] = checkpoint.a();
            midInstall[node] = false;
            outdated[node] = false;
        }
    }

    @Override
    public void onTruncated(int node, long to) {
        String what = "node " + node + " truncates to " + to;
        long checkpoint = ledger.disk(node).checkpoint().a();
        Violation.require(to <= checkpoint, 13, this, () -> what + ", above its checkpoint " + checkpoint);
        for (long s = truncatedTo[node] + 1; s <= to; s++) {
            if (ledger.committed(s) == null) {
                throw new Violation(13, name(), what + " though slot " + s + " is not committed");
            }
        }
        truncatedTo[node] = Math.max(truncatedTo[node], to);
        if (to <= installedTo[node]) {
            return;
        }
        int holders = 0;
        for (int n = 1; n <= ledger.shape().voters(); n++) {
            holders += heldPrefix(n, to) >= to ? 1 : 0;
        }
        int count = holders;
        Violation.require(
                holders >= ledger.shape().quorum(),
                13,
                this,
                () -> what + ", held contiguously by " + count + " nodes");
    }

    /** How far a node has ever held everything committed; what it lost since then is no fault of the one that truncates. */
    private long heldPrefix(int node, long limit) {
        while (!midInstall[node] && heldTo[node] < limit && hasHeld(node, heldTo[node] + 1)) {
            heldTo[node]++;
        }
        return heldTo[node];
    }

    private boolean hasHeld(int node, long slot) {
        Ledger.Commit c = ledger.committed(slot);
        long origin = c == null ? 0 : c.origin();
        DiskBook now = ledger.disk(node);
        return now.hasHeld(slot, origin) || ledger.wipedDisk(node).hasHeld(slot, origin);
    }

    @Override
    public void onEvent(int id, NodeView n) {
        if (n.logBase() > ledger.disk(id).checkpoint().a()) {
            throw new Violation(
                    13,
                    name(),
                    "node " + id + ": log base " + n.logBase() + " above checkpoint "
                            + ledger.disk(id).checkpoint().a());
        }
    }
}
