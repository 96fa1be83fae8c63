package io.parablock.simulator.disk;

import io.parablock.blockdev.store.BlockStore;
import io.parablock.blockdev.store.FileBlockStore;
import io.parablock.simulator.NodeStorage;
import io.parablock.wal.Durability;
import io.parablock.wal.FileStateStore;
import io.parablock.wal.StateStore;
import io.parablock.wal.Wal;
import io.parablock.wal.WalListener;
import io.parablock.wal.segment.WalConfig;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One node's data directory on a simulated disk, laid out as the daemon's: the production block store, state store and
 * log over it.
 */
public final class SectorNodeStorage implements NodeStorage {
    static final String WAL = "/data/wal";
    static final String STATE = "/data/groups/1";
    static final String STORE = "/data/volumes/v-0.chunk";

    /** The log leaves so much room for state files, as the daemon's does. */
    static final long RESERVE_BYTES = 256 << 10;

    private static final int BLOCK_BYTES = 4096;

    /**
     * @param groupId the one group of the node
     * @param sectorBytes 512 or 4096
     * @param diskBytes the size of the disk; leave room for the store, and four segments or more
     * @param storeBytes the size of the chunk
     * @param segmentBytes a log segment that has grown to this is left for the next one
     * @param recordBytesMax the largest record, header included
     * @param storeKnowsDamage whether the block store can tell damaged blocks: otherwise only its reads fail, and no
     *     stored byte of it is ever changed
     * @param mutation what is wrong with the log
     */
    public record Config(
            int groupId,
            long clusterId,
            Durability durability,
            int sectorBytes,
            long diskBytes,
            long storeBytes,
            long segmentBytes,
            int recordBytesMax,
            boolean storeKnowsDamage,
            DiskMutation mutation) {
        /** Tiny segments, so that rolling and truncation are daily life. */
        public static Config tiny(Durability durability, long storeBytes) {
            return of(durability, 4096, storeBytes + (8 << 20), storeBytes);
        }

        /** The same with room for the log of a whole run. */
        public static Config ofRun(Durability durability, long storeBytes, int sectorBytes) {
            return of(durability, sectorBytes, storeBytes + (1L << 30), storeBytes);
        }

        private static Config of(Durability durability, int sectorBytes, long diskBytes, long storeBytes) {
            return new Config(
                    1,
                    42,
                    durability,
                    sectorBytes,
                    diskBytes,
                    storeBytes,
                    32 << 10,
                    80 << 10,
                    false,
                    DiskMutation.NONE);
        }

        public Config withSectorBytes(int value) {
            return new Config(
                    groupId,
                    clusterId,
                    durability,
                    value,
                    diskBytes,
                    storeBytes,
                    segmentBytes,
                    recordBytesMax,
                    storeKnowsDamage,
                    mutation);
        }

        public Config withMutation(DiskMutation value) {
            return new Config(
                    groupId,
                    clusterId,
                    durability,
                    sectorBytes,
                    diskBytes,
                    storeBytes,
                    segmentBytes,
                    recordBytesMax,
                    storeKnowsDamage,
                    value);
        }
    }

    private final Config config;
    private final SimulatedDisk disk;
    private final FaultAtlas atlas;
    private final int nodeId;
    private final SplittableRandom nonces;
    private final SplittableRandom media;
    private final WalRegions walRegions = new WalRegions();

    public SectorNodeStorage(int nodeId, long seed, Config config, FaultAtlas atlas) {
        this.config = config;
        this.atlas = atlas;
        this.nodeId = nodeId;
        SplittableRandom random = new SplittableRandom(seed);
        this.disk = new SimulatedDisk(
                nodeId, random.nextLong(), config.sectorBytes(), config.diskBytes(), atlas, this::regionsOf);
        this.nonces = random.split();
        this.media = random.split();
    }

    /** For faults that come by themselves or on command. */
    public SimulatedDisk disk() {
        return disk;
    }

    @Override
    public Ports open(WalListener listener) {
        walRegions.onBoot(path -> disk.find(path) != null);
        StateStore state = FileStateStore.open(disk.path(STATE));
        BlockStore store = FileBlockStore.open(
                disk.path(STORE), config.storeBytes(), file -> new SimulatedHolePuncher(disk, file));
        return new Ports(openWal(listener), state, store);
    }

    Wal openWal(WalListener listener) {
        WalConfig walConfig = new WalConfig(
                disk.path(WAL),
                config.clusterId(),
                config.durability(),
                config.segmentBytes(),
                config.recordBytesMax(),
                RESERVE_BYTES);
        return SectorWal.open(walConfig, listener, walRegions, nonces, config.mutation());
    }

    @Override
    public void kill() {
        disk.kill();
    }

    @Override
    public void powerLoss() {
        disk.powerLoss();
    }

    @Override
    public void wipe() {
        disk.wipe();
    }

    @Override
    public boolean mayLose() {
        return atlas.mayLose(nodeId);
    }

    @Override
    public void lost(boolean lost) {
        if (lost) {
            atlas.lost(nodeId);
        } else {
            atlas.restored(nodeId);
        }
    }

    @Override
    public void formed(boolean formed) {
        if (formed) {
            atlas.formed(nodeId);
        } else {
            atlas.unformed(nodeId);
        }
    }

    @Override
    public boolean isLost() {
        return atlas.isLost(nodeId);
    }

    @Override
    public boolean isDamaged() {
        return atlas.hasDamage(nodeId);
    }

    /** A bit of the log or of the state rots, or one of their sectors breaks, if the atlas lets it. */
    public boolean damageSomething(boolean breaks) {
        String path = STATE + List.of("/meta.0", "/meta.1", "/syncrec", "/ckpt").get(media.nextInt(4));
        long offsetBytes = media.nextInt(64);
        List<String> segments = walRegions.paths();
        if (media.nextInt(4) > 0 && !segments.isEmpty()) {
            path = segments.get(media.nextInt(segments.size()));
            List<long[]> places = walRegions.noticeable(path);
            if (places.isEmpty()) {
                return false;
            }
            long[] place = places.get(media.nextInt(places.size()));
            offsetBytes = media.nextLong(place[0], place[1]);
        }
        return breaks ? disk.breakSector(path, offsetBytes) : disk.rot(path, offsetBytes) != null;
    }

    WalRegions walRegions() {
        return walRegions;
    }

    private @Nullable Set<Region> regionsOf(FaultKind kind, String path, long offsetBytes, int lengthBytes) {
        if (path.equals(STORE)) {
            return kind == FaultKind.READ_ERROR || config.storeKnowsDamage() ? extents(offsetBytes, lengthBytes) : null;
        }
        boolean stored = kind == FaultKind.BIT_ROT || kind == FaultKind.READ_ERROR;
        if (stored && path.endsWith(".tmp")) {
            return null; // a left-over that nobody reads: damage to it would count for nothing
        }
        if (path.startsWith(STATE)) {
            return switch (path.substring(STATE.length()).replace(".tmp", "")) {
                case "/meta.0" -> Set.of(new Region.Twin("META", 0));
                case "/meta.1" -> Set.of(new Region.Twin("META", 1));
                case "/ckpt" -> Set.of(new Region.Vital(), new Region.Startup());
                default -> Set.of(new Region.Vital());
            };
        }
        if (path.startsWith(WAL + "/segments")) {
            return Set.of(WalRegions.MANIFEST);
        }
        return path.startsWith(WAL + "/run-") ? walRegions.regionsOf(path, offsetBytes, lengthBytes) : null;
    }

    private Set<Region> extents(long offsetBytes, int lengthBytes) {
        Set<Region> blocks = new TreeSet<>(java.util.Comparator.comparing(Object::toString));
        for (long block = offsetBytes / BLOCK_BYTES; block * BLOCK_BYTES < offsetBytes + lengthBytes; block++) {
            blocks.add(new Region.Extent(config.groupId(), block));
        }
        return blocks;
    }
}
