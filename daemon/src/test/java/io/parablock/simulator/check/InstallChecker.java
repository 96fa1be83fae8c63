package io.parablock.simulator.check;

import io.parablock.raft.log.OriginRun;
import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.SessionImage;
import io.parablock.raft.state.SyncRecord;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Streaming catch-up (protocol.md §7): what a node must not do while its store is neither old nor new, and that an install
 * ends only with every piece of one image. The bytes are the {@link DeviceChecker}'s.
 */
final class InstallChecker implements Checker {
    private record Offer(int to, long term, Checkpoint image, long storeBytes) {}

    /** What one node has of an install. */
    private static final class Taken {
        long installId;
        final BitSet sectors = new BitSet();
        /** Of the last install that ended: up to it the store may hold parts of slots. */
        long e;
        /** In which that install was offered. */
        long term;
        /** Applied again up to here since the start. */
        long appliedTo;

        long lastDoneId;
    }

    private final Ledger ledger;
    private final Map<Long, Offer> offers = new HashMap<>();
    private final Map<Long, Long> ends = new HashMap<>();
    private final Taken[] taken;

    InstallChecker(Ledger ledger) {
        this.ledger = ledger;
        this.taken = new Taken[ledger.shape().voters() + 1];
        for (int i = 0; i < taken.length; i++) {
            taken[i] = new Taken();
        }
    }

    private void require(boolean holds, int invariant, int node, String what) {
        if (!holds) {
            throw new Violation(invariant, name(), "node " + node + " " + what);
        }
    }

    /** Why its store is not what it applied; null if nothing of slots that it has not applied is in it. */
    private @Nullable String unreadable(int node) {
        if (ledger.disk(node).isInstalling()) {
            return "which it installs";
        }
        Taken t = taken[node];
        for (; t.appliedTo < t.e; t.appliedTo++) {
            long slot = t.appliedTo + 1;
            if (!ledger.store(node).isApplied(slot) && mayHold(t, slot)) {
                return "that may hold parts of " + ledger.committedValue(slot) + ", installed in term " + t.term;
            }
        }
        return null;
    }

    /**
     * What was committed only in a later term was not yet in the store of the leader that the install came from, and what never
     * was is in no store (protocol.md §7: e). So e may name slots that get their value long after the install.
     */
    private boolean mayHold(Taken t, long slot) {
        Ledger.Commit c = ledger.committed(slot);
        EntryView e = ledger.committedValue(slot);
        return c != null && c.term() <= t.term && e != null && e.touchesBlocks();
    }

    // ---- life ----

    @Override
    public void onStarted(int node, long boot) {
        taken[node].appliedTo = 0;
        taken[node].sectors.clear();
    }

    /** The leader's store is the truth; nobody else's is read before it was installed. */
    @Override
    public void onAmnesiacMerge(int node, long term) {
        for (Taken t : taken) {
            t.e = 0;
        }
    }

    @Override
    public void onWiped(int node) {
        taken[node] = new Taken();
    }

    // ---- the leader ----

    @Override
    public void onInstallOffered(int node, int to, long term, long installId, Checkpoint image, long storeBytes) {
        require(!ledger.disk(node).isInstalling(), 10, node, "offers node " + to + " its store, which it installs");
        Offer known = offers.putIfAbsent(installId, new Offer(to, term, image, storeBytes));
        require(
                known == null || (known.to() == to && known.image().equals(image)),
                10,
                node,
                "offers two images under the id " + installId);
    }

    @Override
    public void onInstallEndSent(int node, int to, long installId, long e) {
        Long known = ends.putIfAbsent(installId, e);
        require(known == null || known == e, 10, node, "ends install " + installId + " at " + known + " and at " + e);
        for (long slot = e + 1; slot <= taken[node].e; slot++) {
            require(
                    !mayHold(taken[node], slot),
                    10,
                    node,
                    "ends install " + installId + " at " + e + ", and its own store may hold parts of slot " + slot);
        }
    }

    // ---- the installing node ----

    @Override
    public void onInstallPiece(int node, long installId, long offsetBytes, long lengthBytes) {
        String what = "takes a piece of install " + installId;
        require(ledger.disk(node).isInstalling(), 10, node, what + " while its flag is not durable");
        Offer offer = offers.get(installId);
        require(offer != null && offer.to() == node, 10, node, what + ", which nobody offered it");
        Taken t = taken[node];
        require(installId >= t.installId, 10, node, what + " in the middle of install " + t.installId);
        begin(t, installId);
    }

    private static void begin(Taken t, long installId) {
        if (installId > t.installId) {
            t.installId = installId;
            t.sectors.clear();
        }
    }

    @Override
    public void onInstallPieceWritten(int node, long installId, long offsetBytes, long lengthBytes) {
        Taken t = taken[node];
        if (t.installId == installId) {
            t.sectors.set((int) (offsetBytes / ClusterView.SECTOR_BYTES), (int)
                    ((offsetBytes + lengthBytes) / ClusterView.SECTOR_BYTES));
        }
    }

    @Override
    public void onInstallAckSent(int node, long installId, long receivedBytes, boolean done) {
        Taken t = taken[node];
        if (done) {
            require(installId == t.lastDoneId, 16, node, "confirms install " + installId + ", which has no CKPT");
            return;
        }
        require(ledger.disk(node).isInstalling(), 16, node, "asks for pieces before its flag is durable");
        begin(t, installId);
        long written = (long) t.sectors.nextClearBit(0) * ClusterView.SECTOR_BYTES;
        require(
                installId == t.installId && written >= receivedBytes,
                16,
                node,
                "acknowledges " + receivedBytes + " bytes of install " + installId + ", its store has " + written
                        + " of install " + t.installId);
    }

    @Override
    public void onCheckpointDurable(int node, Checkpoint c, boolean installed) {
        Taken t = taken[node];
        if (!installed) {
            String why = unreadable(node);
            require(why == null, 13, node, "takes a checkpoint at slot " + c.a() + " of a store " + why);
            return;
        }
        String what = "ends install " + t.installId + " with a=" + c.a() + " logBase=" + c.logBase() + " e=" + c.e();
        Offer offer = offers.get(t.installId);
        require(offer != null, 10, node, what + ", which nobody offered");
        if (offer == null) {
            return;
        }
        long sectors = offer.storeBytes() / ClusterView.SECTOR_BYTES;
        require(t.sectors.cardinality() == sectors, 10, node, what + " without all of its pieces");
        require(c.a() == offer.image().a() && c.logBase() == c.a(), 13, node, what + ", not at its base");
        require(sameSessions(c, offer.image()), 15, node, what + " and another dedupe table");
        require(c.e() == Math.max(c.a(), ends.getOrDefault(t.installId, -1L)), 10, node, what + ", not as its leader");
        requireCommitted(node, c, what);
        t.e = c.e();
        t.term = offer.term();
        t.appliedTo = 0;
        t.lastDoneId = t.installId;
    }

    private static boolean sameSessions(Checkpoint a, Checkpoint b) {
        if (a.sessions().size() != b.sessions().size()) {
            return false;
        }
        for (int i = 0; i < a.sessions().size(); i++) {
            SessionImage x = a.sessions().get(i);
            SessionImage y = b.sessions().get(i);
            boolean same = x.id() == y.id()
                    && x.gatewayNode() == y.gatewayNode()
                    && x.gatewayBoot() == y.gatewayBoot()
                    && x.nonce() == y.nonce()
                    && x.floor() == y.floor()
                    && Arrays.equals(x.seqs(), y.seqs())
                    && Arrays.equals(x.slots(), y.slots());
            if (!same) {
                return false;
            }
        }
        return true;
    }

    /** Its origins are those of the slots that it covers. */
    private void requireCommitted(int node, Checkpoint c, String what) {
        long next = 1;
        for (OriginRun r : c.origins()) {
            require(r.first() == next, 7, node, what + " and a gap in its origins at slot " + next);
            for (; next <= r.last(); next++) {
                require(ledger.isCommitted(next, r.origin()), 7, node, what + " and another value of slot " + next);
            }
        }
        require(next == c.a() + 1, 7, node, what + " and origins up to " + (next - 1));
    }

    // ---- what it must not do meanwhile ----

    @Override
    public void onSyncRecordDurable(int node, SyncRecord record) {
        require(!ledger.disk(node).isInstalling(), 4, node, "syncs to term " + record.term() + " while it installs");
    }

    @Override
    public void onVoteRequested(int candidate, long term, long syncTerm, long contigPrefix) {
        require(
                !ledger.disk(candidate).isInstalling(),
                7,
                candidate,
                "campaigns in term " + term + " while it installs");
    }

    @Override
    public void onApplyStarted(int node, EntryView entry) {
        if (ledger.disk(node).isInstalling()) {
            throw new Violation(10, name(), "node " + node + " applies " + entry + " while it installs");
        }
    }

    @Override
    public void onReadServed(int node, long readId) {
        String why = unreadable(node);
        if (why != null) {
            throw new Violation(11, name(), "node " + node + " serves read " + readId + " from a store " + why);
        }
    }
}
