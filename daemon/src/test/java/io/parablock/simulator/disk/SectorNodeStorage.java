package io.parablock.simulator.disk;

import io.parablock.blockdev.store.BlockStore;
import io.parablock.blockdev.store.FileBlockStore;
import io.parablock.simulator.DiskTime;
import io.parablock.simulator.NodeStorage;
import io.parablock.wal.Durability;
import io.parablock.wal.FileStateStore;
import io.parablock.wal.StateStore;
import io.parablock.wal.Wal;
import io.parablock.wal.WalListener;
import io.parablock.wal.direct.DirectConfig;
import io.parablock.wal.segment.WalConfig;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Consumer;
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
     * @param engines what writes the log
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
            DiskMutation mutation,
            LogEngines engines) {
        public Config {
            if (engines.direct() && durability != Durability.FSYNC) {
                throw new IllegalArgumentException("the direct engine knows durability FSYNC only");
            }
        }

        /** With records where a queue puts them. */
        public Config(
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
            this(
                    groupId,
                    clusterId,
                    durability,
                    sectorBytes,
                    diskBytes,
                    storeBytes,
                    segmentBytes,
                    recordBytesMax,
                    storeKnowsDamage,
                    mutation,
                    LogEngines.QUEUE);
        }

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
            return with(value, mutation, engines);
        }

        public Config withMutation(DiskMutation value) {
            return with(sectorBytes, value, engines);
        }

        public Config withEngines(LogEngines value) {
            return with(sectorBytes, mutation, value);
        }

        private Config with(int sector, DiskMutation wrong, LogEngines writers) {
            return new Config(
                    groupId,
                    clusterId,
                    durability,
                    sector,
                    diskBytes,
                    storeBytes,
                    segmentBytes,
                    recordBytesMax,
                    storeKnowsDamage,
                    wrong,
                    writers);
        }
    }

    private final Config config;
    private final SimulatedDisk disk;
    private final FaultAtlas atlas;
    private final int nodeId;
    private final SplittableRandom nonces;
    private final SplittableRandom media;
    private final SplittableRandom engines;
    private final SplittableRandom crashes;
    private final WalRegions walRegions = new WalRegions();
    private final AlignedMemory memory = new AlignedMemory();
    private boolean direct;
    private int writesInFlightMax;
    private boolean opened;
    /** No process runs: a crash may have torn one copy of META, and only the next start makes it whole again. */
    private boolean down;

    /** Of the process that runs, if its log writes past the page cache. */
    private @Nullable SectorIo io;

    public SectorNodeStorage(int nodeId, long seed, Config config, FaultAtlas atlas) {
        this.config = config;
        this.atlas = atlas;
        this.nodeId = nodeId;
        SplittableRandom random = new SplittableRandom(seed);
        this.disk = new SimulatedDisk(
                nodeId, random.nextLong(), config.sectorBytes(), config.diskBytes(), atlas, this::regionsOf);
        this.nonces = random.split();
        this.media = random.split();
        this.engines = random.split();
        this.crashes = random.split();
        this.direct = config.engines().direct();
        this.writesInFlightMax = config.engines().writesInFlightMax();
    }

    /** For faults that come by themselves or on command. */
    public SimulatedDisk disk() {
        return disk;
    }

    /** With writes that complete at once. */
    public Ports open(WalListener listener) {
        return open(listener, DiskTime.AT_ONCE);
    }

    @Override
    public Ports open(WalListener listener, DiskTime time) {
        down = false;
        walRegions.onBoot(path -> disk.find(path) != null);
        StateStore state = FileStateStore.open(disk.path(STATE));
        BlockStore store = FileBlockStore.open(
                disk.path(STORE), config.storeBytes(), file -> new SimulatedHolePuncher(disk, file));
        Wal wal = openWal(listener, time);
        return new Ports(wal, state, store, direct && !config.engines().atOnce());
    }

    Wal openWal(WalListener listener) {
        return openWal(listener, DiskTime.AT_ONCE);
    }

    Wal openWal(WalListener listener, DiskTime time) {
        if (opened && config.durability() == Durability.FSYNC) {
            switchMaybe();
        }
        opened = true;
        WalConfig walConfig = new WalConfig(
                disk.path(WAL),
                config.clusterId(),
                config.durability(),
                config.segmentBytes(),
                config.recordBytesMax(),
                RESERVE_BYTES);
        DiskMutation mutation = config.mutation();
        if (!direct) {
            return SectorWal.openQueue(walConfig, listener, walRegions, nonces, mutation);
        }
        SectorIo writes = new SectorIo(
                disk,
                walRegions,
                config.engines().atOnce() ? DiskTime.AT_ONCE : time,
                crashes,
                writesInFlightMax == 1,
                mutation == DiskMutation.NO_DSYNC);
        io = writes;
        DirectConfig how = new DirectConfig(writesInFlightMax, config.engines().writeBytesMax());
        return SectorWal.openDirect(walConfig, how, listener, walRegions, nonces, mutation, writes, memory);
    }

    /** Its owner has another engine configured from this start on. */
    private void switchMaybe() {
        if (engines.nextInt(1000) < config.engines().switchPerMille()) {
            direct = !direct;
            writesInFlightMax = 1 + engines.nextInt(config.engines().writesInFlightMax());
        }
    }

    @Override
    public void kill() {
        end(SectorIo::kill);
        disk.kill();
    }

    @Override
    public void powerLoss() {
        end(SectorIo::powerLoss);
        disk.powerLoss();
    }

    @Override
    public void wipe() {
        end(SectorIo::drop);
        disk.wipe();
    }

    private void end(Consumer<SectorIo> how) {
        down = true;
        SectorIo ended = io;
        io = null;
        if (ended != null) {
            how.accept(ended);
        }
    }

    @Override
    public boolean hasUnprovenTail() {
        return disk.hasUnproven();
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
        if (stored && down && path.startsWith(STATE + "/meta.")) {
            return null; // beside a torn copy it would be a second fault
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
            return walRegions.manifestRegions();
        }
        return path.startsWith(WAL + "/run-") ? walRegions.regionsOf(kind, path, offsetBytes, lengthBytes) : null;
    }

    private Set<Region> extents(long offsetBytes, int lengthBytes) {
        Set<Region> blocks = new TreeSet<>(java.util.Comparator.comparing(Object::toString));
        for (long block = offsetBytes / BLOCK_BYTES; block * BLOCK_BYTES < offsetBytes + lengthBytes; block++) {
            blocks.add(new Region.Extent(config.groupId(), block));
        }
        return blocks;
    }
}
