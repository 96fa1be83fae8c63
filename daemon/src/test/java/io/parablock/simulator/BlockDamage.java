package io.parablock.simulator;

import io.parablock.blockdev.store.DamagedRange;
import io.parablock.simulator.disk.FaultAtlas;
import io.parablock.simulator.disk.Region;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Sectors of one node's block store that do not have their checksums any more. What they held stays underneath, so that the
 * checkers can look at it; nobody else gets to see it. A sector that was written is good for whoever reads it through the page
 * cache, and on the platter once it was forced.
 */
final class BlockDamage {
    private static final int SECTOR_BYTES = 512;
    private static final int BLOCK_SECTORS = 8;
    private static final int RECENT = 8;

    private final int nodeId;
    private final FaultAtlas atlas;
    private final Seeded random;
    private final BitSet rotten = new BitSet();
    /** Of these, written since the last force. */
    private final BitSet rewritten = new BitSet();
    /** Those that the atlas was told of. */
    private final BitSet charged = new BitSet();
    /** Of these, those that its process has to find before it ends the repair that it found begun. */
    private final BitSet owed = new BitSet();
    /** Where the last writes began. */
    private final int[] recent = new int[RECENT];

    private int writes;

    BlockDamage(int nodeId, FaultAtlas atlas, Seeded random) {
        this.nodeId = nodeId;
        this.atlas = atlas;
        this.random = random;
    }

    private static Region region(int sector) {
        return new Region.Extent(SimulationSettings.GROUP, sector / BLOCK_SECTORS);
    }

    /** A sector where rot hurts: one that was written lately, if any was. */
    int recentSector(Seeded r) {
        return recent[r.below(Math.max(1, Math.min(writes, RECENT)))];
    }

    /** @return false if the cluster cannot do without this copy */
    boolean rot(int sector) {
        if (charged.get(sector) || !atlas.mayDamage(nodeId, region(sector))) {
            return false;
        }
        charged.set(sector);
        atlas.damaged(nodeId, region(sector));
        mark(sector, sector + 1);
        return true;
    }

    /** Somebody else's damage came here with an install. */
    void marked(long offsetBytes, long lengthBytes) {
        mark(sector(offsetBytes), sector(offsetBytes + lengthBytes));
    }

    private void mark(int from, int to) {
        rotten.set(from, to);
        rewritten.clear(from, to);
    }

    private static int sector(long offsetBytes) {
        return (int) (offsetBytes / SECTOR_BYTES);
    }

    List<DamagedRange> in(long offsetBytes, long lengthBytes) {
        List<DamagedRange> found = new ArrayList<>();
        int end = sector(offsetBytes + lengthBytes);
        for (int s = rotten.nextSetBit(sector(offsetBytes)); s >= 0 && s < end; s = rotten.nextSetBit(s + 1)) {
            if (!rewritten.get(s)) {
                found.add(new DamagedRange((long) s * SECTOR_BYTES, SECTOR_BYTES));
            }
        }
        return found;
    }

    void onWritten(long offsetBytes, long lengthBytes) {
        recent[writes++ % RECENT] = sector(offsetBytes);
        int end = sector(offsetBytes + lengthBytes);
        for (int s = rotten.nextSetBit(sector(offsetBytes)); s >= 0 && s < end; s = rotten.nextSetBit(s + 1)) {
            rewritten.set(s);
            owed.clear(s);
        }
    }

    /** A process starts. If its store is under repair, an earlier one knew of damage, and this one has to find all that is there. */
    void onStarted(boolean underRepair) {
        owed.clear();
        if (underRepair) {
            owed.or(rotten);
            owed.andNot(rewritten);
        }
    }

    /** Whether that is not all mended yet. */
    boolean isOwed() {
        return !owed.isEmpty();
    }

    void onForced() {
        for (int s = rewritten.nextSetBit(0); s >= 0; s = rewritten.nextSetBit(s + 1)) {
            heal(s);
        }
        rewritten.clear();
    }

    private void heal(int sector) {
        rotten.clear(sector);
        owed.clear(sector);
        if (charged.get(sector)) {
            charged.clear(sector);
            atlas.repaired(nodeId, region(sector));
        }
    }

    /** Any of what was not forced is lost. */
    void powerLoss() {
        for (int s = rewritten.nextSetBit(0); s >= 0; s = rewritten.nextSetBit(s + 1)) {
            if (random.coin()) {
                heal(s);
            }
        }
        rewritten.clear();
    }

    void wipe() {
        for (int s = rotten.nextSetBit(0); s >= 0; s = rotten.nextSetBit(s + 1)) {
            heal(s);
        }
        rewritten.clear();
    }

    /** Also if it was written, and that not forced. */
    boolean any() {
        return !rotten.isEmpty();
    }

    /** What a read would meet. */
    boolean isVisible() {
        return rotten.cardinality() > rewritten.cardinality();
    }
}
