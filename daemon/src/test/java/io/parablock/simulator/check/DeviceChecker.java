package io.parablock.simulator.check;

import io.parablock.raft.state.Checkpoint;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Invariant 10, bytes: a store has in every sector what the slot-order application of the applied set leaves there. After a
 * crash or in an install a sector is in doubt until the slots that may be in it have been applied again.
 */
final class DeviceChecker implements Checker {
    private final Ledger ledger;
    private final ClusterView view;
    private final long[][] slotOf;
    private final BitSet[] doubtful;

    DeviceChecker(Ledger ledger, ClusterView view) {
        this.ledger = ledger;
        this.view = view;
        int nodes = ledger.shape().voters() + 1;
        this.slotOf = new long[nodes][(int) view.sectors()];
        this.doubtful = new BitSet[nodes];
        for (int i = 0; i < nodes; i++) {
            doubtful[i] = new BitSet();
        }
    }

    /**
     * The candidate's store becomes the one that counts, with whatever reached it of slots that are lost; everybody else gets
     * a copy of it.
     */
    @Override
    public void onAmnesiacMerge(int node, long term) {
        for (int n = 1; n < slotOf.length; n++) {
            Arrays.fill(slotOf[n], 0);
            if (n != node) {
                doubtful[n].set(0, slotOf[n].length);
            }
        }
    }

    @Override
    public void onCrashed(int node) {
        long safe = ledger.disk(node).checkpoint().a();
        for (int s = 0; s < slotOf[node].length; s++) {
            if (slotOf[node][s] > safe) {
                doubtful[node].set(s);
            }
        }
    }

    @Override
    public void onApplyStarted(int node, EntryView e) {
        // Between here and the end it may be there or not.
        doubtful[node].set(firstSector(e), endSector(e));
    }

    @Override
    public void onWiped(int node) {
        Arrays.fill(slotOf[node], 0);
        doubtful[node].clear();
        if (ledger.baseSlot() > 0) {
            doubtful[node].set(0, slotOf[node].length);
        }
    }

    @Override
    public void onInstallBegun(int node) {
        doubtful[node].set(0, slotOf[node].length);
    }

    @Override
    public void onCheckpointDurable(int node, Checkpoint checkpoint, boolean installed) {
        if (!installed) {
            return;
        }
        Arrays.fill(slotOf[node], 0);
        doubtful[node].clear();
        for (long s = ledger.baseSlot() + 1; s <= checkpoint.a(); s++) {
            EntryView e = ledger.committedValue(s);
            if (e != null && e.touchesBlocks()) {
                Arrays.fill(slotOf[node], firstSector(e), endSector(e), s);
            }
        }
        requirePieces(node, checkpoint);
    }

    /** Every sector is as of the install's base, or as some later slot up to e left it. */
    private void requirePieces(int node, Checkpoint checkpoint) {
        BitSet wrong = new BitSet();
        for (int s = 0; s < slotOf[node].length; s++) {
            wrong.set(s, view.node(node).sectorStamp(s) != expected(node, s));
        }
        for (long slot = checkpoint.a() + 1; slot <= checkpoint.e(); slot++) {
            EntryView e = ledger.committedValue(slot);
            for (int s = e == null ? 0 : firstSector(e); e != null && s < endSector(e); s++) {
                doubtful[node].set(s);
                if (wrong.get(s) && view.node(node).sectorStamp(s) == view.stamp(e, s)) {
                    wrong.clear(s);
                }
            }
        }
        for (int s = wrong.nextSetBit(0); s >= 0; s = wrong.nextSetBit(s + 1)) {
            if (view.node(node).isSectorDamaged(s)) {
                // So it was at the source, and is here until it is written or mended.
                doubtful[node].set(s);
                wrong.clear(s);
            }
        }
        if (!wrong.isEmpty()) {
            int s = wrong.nextSetBit(0);
            throw new Violation(
                    10,
                    name(),
                    "node " + node + " ends an install at slot " + checkpoint.a() + ", e " + checkpoint.e()
                            + ", with stamp " + view.node(node).sectorStamp(s) + " in sector " + s + ", not "
                            + expected(node, s) + " nor of a slot between");
        }
    }

    @Override
    public void onApplied(int node, EntryView e) {
        for (int s = firstSector(e); s < endSector(e); s++) {
            slotOf[node][s] = e.slot();
            doubtful[node].clear(s);
            check(node, s);
        }
    }

    private static int firstSector(EntryView e) {
        return (int) (e.offsetBytes() / ClusterView.SECTOR_BYTES);
    }

    private static int endSector(EntryView e) {
        return e.touchesBlocks()
                ? (int) ((e.offsetBytes() + e.lengthBytes()) / ClusterView.SECTOR_BYTES)
                : firstSector(e);
    }

    private @Nullable EntryView last(int node, int sector) {
        return slotOf[node][sector] == 0 ? null : ledger.committedValue(slotOf[node][sector]);
    }

    private long expected(int node, int sector) {
        EntryView last = last(node, sector);
        return last == null ? ledger.baseStamp(sector) : view.stamp(last, sector);
    }

    private void check(int node, int sector) {
        EntryView last = last(node, sector);
        long expected = expected(node, sector);
        long found = view.node(node).sectorStamp(sector);
        if (found != expected && !view.node(node).isSectorDamaged(sector)) {
            throw new Violation(
                    10,
                    name(),
                    "node " + node + " has stamp " + found + " in sector " + sector + ", not " + expected + " of "
                            + (last == null ? "nothing" : last));
        }
    }

    private void scan(int node, NodeView n) {
        long[] slots = slotOf[node];
        long slot = -1;
        long expected = 0;
        for (int s = doubtful[node].nextClearBit(0); s < slots.length; s = doubtful[node].nextClearBit(s + 1)) {
            if (slots[s] != slot || slot == 0) {
                // Neighbours mostly come from one write, which has one stamp.
                slot = slots[s];
                expected = expected(node, s);
            }
            if (n.sectorStamp(s) != expected) {
                check(node, s);
            }
        }
    }

    @Override
    public void scan(ClusterView looked) {
        for (int i = 1; i <= looked.nodes(); i++) {
            NodeView n = looked.node(i);
            if (!n.isUp() || n.isRebuilding() || ledger.disk(i).isInstalling()) {
                continue;
            }
            scan(i, n);
        }
    }
}
