package io.parablock.simulator.disk;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The damage on one disk that the atlas has been told of, and the misfortunes of forced sectors that wait for it to be
 * told: nobody looks at the platter before the cache is gone, so whether a write was lost may be settled later, once the
 * loss could be told from a write that never was.
 */
final class DamageLedger {
    /** @param good what the sector held before; null for a hole */
    private record Charge(
            SimulatedFile file, int sector, Set<Region> regions, byte @Nullable [] good, boolean unproven) {
        /** Its owner may write damaged bytes over themselves, or others beside them. */
        boolean outlives(byte @Nullable [] before, byte @Nullable [] after) {
            boolean damaged = false;
            int length = Math.max(length(good), Math.max(length(before), length(after)));
            for (int i = 0; i < length; i++) {
                if (at(before, i) != at(good, i)) {
                    damaged = true;
                    if (at(after, i) != at(before, i)) {
                        return false;
                    }
                }
            }
            return damaged;
        }

        private static int length(byte @Nullable [] bytes) {
            return bytes == null ? 0 : bytes.length;
        }

        private static byte at(byte @Nullable [] bytes, int i) {
            return bytes == null ? 0 : bytes[i];
        }
    }

    /** A forced sector that may turn out to be lost, or to have gone to another one (target, or -1). */
    private record Pending(
            SimulatedFile file,
            String path,
            int sector,
            int target,
            byte @Nullable [] before,
            byte @Nullable [] written) {}

    private final int nodeId;
    private final int sectorBytes;
    private final FaultAtlas atlas;
    private final RegionMap regions;
    private final List<Charge> charges = new ArrayList<>();
    private final List<Pending> pending = new ArrayList<>();

    DamageLedger(int nodeId, int sectorBytes, FaultAtlas atlas, RegionMap regions) {
        this.nodeId = nodeId;
        this.sectorBytes = sectorBytes;
        this.atlas = atlas;
        this.regions = regions;
    }

    /** Charges the damage of one sector, if it may happen. */
    boolean claim(FaultKind kind, String path, SimulatedFile file, int sector) {
        return claim(kind, path, file, new int[] {sector});
    }

    /** Charges one fault that damages all of these sectors, if it may happen. */
    boolean claim(FaultKind kind, String path, SimulatedFile file, int[] sectors) {
        List<Set<Region>> hit = new ArrayList<>();
        List<Region> all = new ArrayList<>();
        for (int sector : sectors) {
            Set<Region> here = regions.regionsOf(kind, path, (long) sector * sectorBytes, sectorBytes);
            if (here == null) {
                return false;
            }
            hit.add(here);
            all.addAll(here);
        }
        if (!atlas.mayDamage(nodeId, all)) {
            return false;
        }
        for (int i = 0; i < sectors.length; i++) {
            charges.add(new Charge(file, sectors[i], hit.get(i), file.stored(sectors[i]), false));
        }
        all.forEach(region -> atlas.damaged(nodeId, region));
        atlas.count(kind);
        return true;
    }

    /** Whether a crash may leave something that makes the node amnesiac. */
    boolean mayLeaveUnproven() {
        return atlas.mayLose(nodeId);
    }

    /**
     * A write that a crash cut off has left this sector in a place where that looks like damage to one that was complete:
     * as long as its file is there, the node cannot vouch for its log.
     *
     * @param before what the sector held without that write
     */
    void leftUnproven(SimulatedFile file, int sector, byte @Nullable [] before) {
        Region vital = new Region.Vital();
        charges.add(new Charge(file, sector, Set.of(vital), before, true));
        atlas.damaged(nodeId, vital);
    }

    boolean isUnproven(SimulatedFile file) {
        return charges.stream().anyMatch(charge -> charge.unproven && charge.file == file);
    }

    void mayTurnOutLost(
            String path,
            SimulatedFile file,
            int sector,
            int target,
            byte @Nullable [] before,
            byte @Nullable [] written) {
        pending.add(new Pending(file, path, sector, target, before, written));
    }

    /** Settles what can be settled by now. */
    void settle() {
        for (int i = 0; i < pending.size(); ) {
            Pending next = pending.get(i);
            boolean intact = !next.file.isDirty(next.sector) && next.file.stored(next.sector) == next.written;
            boolean undecided =
                    intact && (isUntold(next, next.sector) || (next.target >= 0 && isUntold(next, next.target)));
            if (undecided) {
                i++;
                continue;
            }
            pending.remove(i);
            if (intact) {
                happen(next);
            }
        }
    }

    private boolean isUntold(Pending next, int sector) {
        return regions.regionsOf(FaultKind.LOST_WRITE, next.path, (long) sector * sectorBytes, sectorBytes) == null;
    }

    private void happen(Pending next) {
        if (next.target < 0) {
            // Of a write of what was there already nothing is lost.
            if (!Arrays.equals(next.before, next.written)
                    && claim(FaultKind.LOST_WRITE, next.path, next.file, next.sector)) {
                next.file.damageStored(next.sector, next.before);
            }
        } else if (!next.file.isDirty(next.target)
                && claim(FaultKind.MISDIRECTED_WRITE, next.path, next.file, new int[] {next.sector, next.target})) {
            next.file.damageStored(next.sector, next.before);
            next.file.damageStored(next.target, next.written);
        }
    }

    /** What waited to be settled turns out to have been written. */
    void settleAllAsWritten() {
        pending.clear();
    }

    void onRewritten(SimulatedFile file, int sector, byte @Nullable [] before, byte @Nullable [] after) {
        release(charge -> charge.file == file && charge.sector == sector && !charge.outlives(before, after));
    }

    void releaseUnless(Predicate<SimulatedFile> reachable) {
        release(charge -> !reachable.test(charge.file));
    }

    private void release(Predicate<Charge> ended) {
        if (charges.isEmpty()) {
            return;
        }
        for (int i = charges.size() - 1; i >= 0; i--) {
            Charge charge = charges.get(i);
            if (ended.test(charge)) {
                charges.remove(i);
                charge.regions.forEach(region -> atlas.repaired(nodeId, region));
            }
        }
    }
}
