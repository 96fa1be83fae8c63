package io.parablock.simulator;

import io.parablock.gateway.GatewayConfig;
import io.parablock.raft.InstallConfig;
import io.parablock.raft.LeaseConfig;
import io.parablock.raft.Mode;
import io.parablock.raft.RaftConfig;
import io.parablock.replica.ReplicaConfig;
import io.parablock.replica.ScrubConfig;
import io.parablock.replica.SuspendedTime;
import io.parablock.simulator.disk.LogEngines;
import java.util.EnumSet;
import java.util.Set;

/** What the seed decides once for a run: sizes, times, limits. */
final class SimulationSettings {
    static final int GROUP = 1;
    static final int BLOCK_BYTES = 4096;
    /** No clock is faster or slower than that. */
    static final int DRIFT_PPM = 50_000;
    /** How often a start has another engine for the log. */
    private static final int SWITCH_PER_MILLE = 30;
    /** A piece is read, sent, written and acknowledged. */
    private static final int STEPS_PER_PIECE = 4;

    private static final int RANGE_STEPS_MAX = 2;
    private static final long SCRUB_BYTES_MIN = 1 << 20;
    /** A recheck is faster than the scrub. */
    private static final long RECHECK_TIMES = 4;
    /** The liveness phase takes four times that, and an install may have to begin anew in it. */
    private static final long INSTALL_NS_MAX = 30 * Simulation.SECOND;

    final long seed;
    final int nodes;
    final Mode mode;
    final Set<FaultKind> faults;
    final boolean mapped;
    private final boolean blackouts;
    /** Disks of sectors under the production stores, instead of records in memory. */
    final boolean sectors;

    final int sectorBytes;

    /** What writes the log on sectors. */
    final LogEngines engines;

    /** The production stages that work in place, instead of the simulated threads. */
    final boolean inline;
    /** reads=lease. */
    final boolean lease;

    final long sessionExpiryNs;
    /** The nodes know one another from before the run. */
    final boolean beginsFormed;

    final int span;
    final int blocks;
    final long tickNs;
    final long electionTimeoutNs;
    final long heartbeatNs;
    final long networkNs;
    final long diskNs;
    final int batchBytes;
    final int retainSlotsMax;
    final int clients;
    final int depth;
    final long thinkNs;
    final long safetyNs;
    /** Blocks may rot, and replicas read again what they hold. Without it, damage waits for the next start or apply. */
    final boolean scrubs;

    final ReplicaConfig replica;
    final GatewayConfig gateway;
    private final int appendEntriesMax;
    private final int fetchSlotsMax;
    private final int sessionWindow;
    final InstallConfig install;

    SimulationSettings(long seed, int nodes, Mode mode, Set<FaultKind> faults) {
        this.seed = seed;
        this.nodes = nodes;
        this.mode = mode;
        this.faults = faults.isEmpty() ? EnumSet.noneOf(FaultKind.class) : EnumSet.copyOf(faults);
        Seeded r = Seeded.of(seed, "settings");
        mapped = r.perMille(350);
        blackouts = Seeded.of(seed, "blackouts").coin();
        inline = r.perMille(300);
        Seeded storage = Seeded.of(seed, "storage");
        boolean byName = faults.size() < FaultKind.values().length;
        sectors = storage.coin() || (byName && faults.stream().anyMatch(FaultKind::needsSectors));
        sectorBytes = storage.pick(512, 4096);
        engines = engines(Seeded.of(seed, "log engine"));
        beginsFormed = Seeded.of(seed, "formation").perMille(750);
        span = r.pick(4, 8, 16);
        blocks = r.pick(64, 128, 512, 4096);
        electionTimeoutNs = r.pick(300, 1000, 2000, 3000) * Simulation.MS;
        heartbeatNs = electionTimeoutNs / r.pick(4, 6);
        tickNs = heartbeatNs / r.pick(4, 8);
        networkNs = r.pick(50, 200, 1000, 5000) * Simulation.US;
        diskNs = r.pick(20, 100, 1000, 8000) * Simulation.US;
        clients = r.pick(1, 2, 3, 5);
        depth = r.pick(1, 2, 4, 8, 16);
        thinkNs = r.pick(100, 400, 1500, 5000) * Simulation.MS;
        safetyNs = r.between(60, 120) * Simulation.SECOND;
        sessionWindow = r.pick(16, 64, 256);
        appendEntriesMax = r.pick(2, 8, 64);
        fetchSlotsMax = r.pick(8, 64);
        int entryBytesMax = r.pick(1, 2, 8) * BLOCK_BYTES;
        batchBytes = r.pick(1, 4, 64) * entryBytesMax;
        scrubs = byName ? has(FaultKind.BLOCK_ROT) : Seeded.of(seed, "scrubs").coin();
        replica = new ReplicaConfig(
                        r.pick(8, 64, 512) << 10,
                        r.pick(1, 5, 20) * Simulation.SECOND,
                        r.pick(8, 64, 1024) << 10,
                        r.pick(4, 32, 256),
                        r.pick(4, 32, 256),
                        r.pick(4, 16))
                .withScrub(scrub(Seeded.of(seed, "scrub")));
        lease = r.perMille(400);
        sessionExpiryNs = r.perMille(400) ? r.between(4, 20) * Simulation.SECOND : RaftConfig.SESSION_EXPIRY_NS;
        gateway = new GatewayConfig(
                entryBytesMax,
                r.pick(4, 64) * BLOCK_BYTES,
                RANGE_STEPS_MAX,
                r.pick(4, 8, 16),
                r.pick(300, 1000, 2000) * Simulation.MS,
                20 * Simulation.MS,
                r.pick(100, 1000) * Simulation.MS,
                sessionExpiryNs / 6,
                r.perMille(300) ? r.between(2, 15) * Simulation.SECOND : 0);
        retainSlotsMax = r.pick(4 * span, 4 * span, 200, 1 << 20);
        int pieceBytes = r.pick(1, 4, 32) * BLOCK_BYTES;
        int windowPieces = r.pick(1, 4, 32);
        install = new InstallConfig(
                0,
                Math.max(pieceBytes, pieceBytesMin(windowPieces)),
                windowPieces,
                // Holes cost nothing, so this is the longest that a whole store takes.
                sizeBytes() / r.pick(1, 4, 12),
                r.pick(8 * span, 1000, 1 << 20));
    }

    /** A round of the blocks takes a second or so. In between, damage has time to be met by something else. */
    private ScrubConfig scrub(Seeded r) {
        return new ScrubConfig(
                scrubs ? Math.max(SCRUB_BYTES_MIN, sizeBytes()) : 0,
                r.pick(5, 30) * Simulation.SECOND,
                r.pick(1, 10) * Simulation.SECOND,
                RECHECK_TIMES * Math.max(SCRUB_BYTES_MIN, sizeBytes()));
    }

    private LogEngines engines(Seeded r) {
        boolean direct = r.perMille(667) && !mapped;
        int writesInFlightMax = r.perMille(300) ? 1 : 2 + r.below(7);
        int writeBytesMax = r.pick(4 << 10, 16 << 10, 64 << 10);
        boolean atOnce = r.perMille(150);
        return new LogEngines(direct, writesInFlightMax, writeBytesMax, atOnce, SWITCH_PER_MILLE);
    }

    /** A whole store passes in a fraction of the liveness phase, though each window of pieces waits for its answer. */
    private int pieceBytesMin(int windowPieces) {
        long windowNs = STEPS_PER_PIECE * (networkNs + diskNs);
        long windows = INSTALL_NS_MAX / windowNs;
        long bytes = sizeBytes() / (windows * windowPieces);
        return Math.toIntExact((bytes + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES);
    }

    /** The longest that a whole store takes to be copied, but for the throttle. */
    long installNs() {
        long windowBytes = (long) install.pieceBytes() * install.windowPieces();
        return (sizeBytes() + windowBytes - 1) / windowBytes * STEPS_PER_PIECE * (networkNs + diskNs);
    }

    RaftConfig raft(int nodeId) {
        int[] voters = new int[nodes];
        for (int i = 0; i < nodes; i++) {
            voters[i] = i + 1;
        }
        RaftConfig config = new RaftConfig(
                GROUP,
                nodeId,
                voters,
                mode,
                span,
                electionTimeoutNs,
                heartbeatNs,
                2 * heartbeatNs,
                retainSlotsMax,
                appendEntriesMax,
                batchBytes,
                fetchSlotsMax,
                1024,
                sessionWindow,
                mapped);
        LeaseConfig reads = lease ? new LeaseConfig(true, DRIFT_PPM, SuspendedTime.ERROR_NS) : LeaseConfig.OFF;
        return config.withInstall(install)
                .withLease(reads)
                .withSessionExpiryNs(sessionExpiryNs)
                .withReorderWindowNs(networkNs);
    }

    /** durability=mapped, and so many machines may lose their power at once that no quorum remembers. */
    boolean mayBlackOutMapped() {
        return mapped && blackouts && has(FaultKind.BLACKOUT);
    }

    long sizeBytes() {
        return (long) blocks * BLOCK_BYTES;
    }

    int quorum() {
        return nodes / 2 + 1;
    }

    boolean has(FaultKind kind) {
        return faults.contains(kind);
    }

    @Override
    public String toString() {
        return "seed=" + seed + " mode=" + mode.name().toLowerCase(java.util.Locale.ROOT) + " nodes=" + nodes;
    }
}
