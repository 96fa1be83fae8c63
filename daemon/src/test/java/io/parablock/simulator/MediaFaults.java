package io.parablock.simulator;

import io.parablock.simulator.disk.DiskFaults;
import io.parablock.simulator.disk.FaultAtlas;
import io.parablock.simulator.disk.SectorNodeStorage;
import java.util.Map;

/** What goes wrong with the sectors of a run's disks. */
final class MediaFaults {
    private static final int PPM_ALWAYS = 1_000_000;

    private static final Map<io.parablock.simulator.disk.FaultKind, FaultKind> COUNTED = Map.of(
            io.parablock.simulator.disk.FaultKind.TORN_WRITE, FaultKind.TORN_WRITE,
            io.parablock.simulator.disk.FaultKind.BIT_ROT, FaultKind.BIT_ROT,
            io.parablock.simulator.disk.FaultKind.READ_ERROR, FaultKind.READ_ERROR,
            io.parablock.simulator.disk.FaultKind.LOST_WRITE, FaultKind.LOST_WRITE,
            io.parablock.simulator.disk.FaultKind.MISDIRECTED_WRITE, FaultKind.MISDIRECTED_WRITE);

    private final Simulation sim;
    private final Seeded random;

    MediaFaults(Simulation sim) {
        this.sim = sim;
        this.random = sim.random("media");
    }

    /** What the disks count themselves, and when it takes effect. */
    static void count(FaultAtlas atlas, FaultCounts counts) {
        atlas.fired().forEach((kind, n) -> {
            FaultKind as = COUNTED.get(kind);
            if (as != null && n > 0) {
                counts.add(as, n);
            }
        });
    }

    /** @param whileNs how long a disk writes to the wrong place, or not at all */
    void inject(FaultKind kind, SimulatedNode n, long whileNs) {
        SectorNodeStorage storage = n.disk().sectors();
        if (storage == null) {
            return;
        }
        switch (kind) {
            case BIT_ROT, READ_ERROR -> {
                if (storage.damageSomething(kind == FaultKind.READ_ERROR)) {
                    sim.note(kind.label() + " on the disk of node " + n.id());
                }
            }
            case LOST_WRITE, MISDIRECTED_WRITE -> {
                int ppm = random.pick(5_000, 50_000);
                sim.note(kind.label() + " on the disk of node " + n.id() + " for a while");
                storage.disk()
                        .faults(
                                kind == FaultKind.LOST_WRITE
                                        ? DiskFaults.NONE.withLostWritePpm(ppm)
                                        : DiskFaults.NONE.withMisdirectedWritePpm(ppm));
                sim.after(whileNs, () -> storage.disk().faults(DiskFaults.NONE));
            }
            case TORN_WRITE -> {
                if (n.isUp()) {
                    n.disk().losePowerAtNextCrash();
                    storage.disk().crashAfter(random.below(random.pick(5, 50)));
                }
            }
            default -> throw new IllegalArgumentException(kind.label());
        }
    }

    /** The process dies between two steps of a durable operation. */
    void crash(SectorNodeStorage storage) {
        storage.disk().crashAfter(random.below(random.pick(3, 30, 300)));
    }

    /** The next write, or force, fails. */
    static void failWrites(SectorNodeStorage storage) {
        storage.disk().faults(DiskFaults.NONE.withWriteErrorPpm(PPM_ALWAYS));
    }

    /** Somebody else fills the disk, up to less than the log keeps free for state, or more. */
    void fill(SectorNodeStorage storage) {
        storage.disk().fill(random.pick(0, 8 << 10, 200 << 10, 300 << 10));
    }

    /** A disk that works, with room. */
    static void heal(SectorNodeStorage storage) {
        storage.disk().faults(DiskFaults.NONE);
        storage.disk().fill(-1);
        storage.disk().crashAfter(-1);
    }
}
