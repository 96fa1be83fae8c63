package io.parablock.simulator.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystem;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The disk of one node, made of sectors that are written whole or not at all: what was not forced survives a power loss
 * or not, sector by sector, name by name. Deterministic: the same seed and the same calls do the same. It is reached as a
 * java.nio file system through {@link #path}, so that production code runs over it unchanged.
 */
public final class SimulatedDisk {
    private static final int PPM = 1_000_000;
    private static final int PAGE_BYTES = 4096;
    private static final long NEVER = -1;
    private static final int NO_TARGET = -1;

    private final int sectorBytes;
    private final long capacityBytes;
    private final FaultAtlas atlas;
    private final int nodeId;
    private final DamageLedger ledger;
    private final RegionMap regions;
    private final SplittableRandom random;
    private final SimulatedFileSystem fileSystem;
    private SimulatedDirectory root = new SimulatedDirectory();
    private DiskFaults faults = DiskFaults.NONE;
    private long reservedBytes;
    private int bootCount;
    private long stepsToCrash = NEVER;
    private long steps;

    /**
     * @param sectorBytes 512 or 4096: what reaches the platter whole or not at all
     * @param capacityBytes writes that would allocate more find the disk full
     */
    public SimulatedDisk(
            int nodeId, long seed, int sectorBytes, long capacityBytes, FaultAtlas atlas, RegionMap regions) {
        if (sectorBytes != 512 && sectorBytes != 4096) {
            throw new IllegalArgumentException("sectors have 512 or 4096 bytes, not " + sectorBytes);
        }
        this.nodeId = nodeId;
        this.sectorBytes = sectorBytes;
        this.capacityBytes = capacityBytes;
        this.atlas = atlas;
        this.regions = regions;
        this.ledger = new DamageLedger(nodeId, sectorBytes, atlas, regions);
        this.random = new SplittableRandom(seed);
        this.fileSystem = new SimulatedFileSystem(this);
    }

    /** An absolute path on this disk, such as "/data". */
    public Path path(String absolute) {
        return fileSystem.getPath(absolute);
    }

    public FileSystem fileSystem() {
        return fileSystem;
    }

    public int sectorBytes() {
        return sectorBytes;
    }

    public synchronized void faults(DiskFaults value) {
        faults = value;
    }

    /** The process dies; whatever it still had open is closed. The page cache stays. */
    public synchronized void kill() {
        bootCount++;
        stepsToCrash = NEVER;
    }

    /** The machine dies: unforced sectors and names survive or not, in any combination that their order allows. */
    public synchronized void powerLoss() {
        kill();
        ledger.settleAllAsWritten();
        int undone = root.powerLoss(random, file -> {
            int[] keptAndLost = file.powerLoss(random);
            if (keptAndLost[1] > 0) {
                countLost(keptAndLost[0] > 0);
            }
        });
        for (int i = 0; i < undone; i++) {
            atlas.count(FaultKind.LOST_NAME);
        }
        ledger.releaseUnless(file -> root.reaches(file));
    }

    /** An empty disk takes this one's place; the atlas counts the node as lost. */
    public synchronized void wipe() {
        kill();
        ledger.settleAllAsWritten();
        root.forEachFile("", (path, file) -> regions.forget(path));
        root = new SimulatedDirectory();
        ledger.releaseUnless(file -> false);
        atlas.lost(nodeId);
        atlas.count(FaultKind.WIPE);
    }

    /** The kernel gives clean pages back: from now on reads see the platter, with whatever happened to it. */
    public synchronized void evict() {
        root.forEachFile("", (path, file) -> file.evict());
    }

    /**
     * The process dies with a {@link SimulatedCrash} at its step after this many (0: the next one). A step is a write, a
     * force, or a change of a name; a write may get a part of its bytes out. To be followed by kill or powerLoss.
     */
    public synchronized void crashAfter(long moreSteps) {
        stepsToCrash = moreSteps;
    }

    /** Steps done since the disk was made: the places where {@link #crashAfter} can strike. */
    public synchronized long steps() {
        return steps;
    }

    /** Somebody else fills the disk and leaves so much; a negative number ends that. */
    public synchronized void fill(long leaveBytes) {
        reservedBytes = leaveBytes < 0 ? 0 : Math.max(0, capacityBytes - usedBytes() - leaveBytes);
        if (leaveBytes >= 0) {
            atlas.count(FaultKind.FULL_DISK);
        }
    }

    /** One bit of some file rots, if the atlas lets it. Returns where, or null. */
    public synchronized @Nullable String rotSomewhere() {
        List<String> paths = new ArrayList<>();
        root.forEachFile("", (path, file) -> {
            if (file.sectors() > 0) {
                paths.add(path);
            }
        });
        if (paths.isEmpty()) {
            return null;
        }
        String path = paths.get(random.nextInt(paths.size()));
        SimulatedFile file = file(path);
        return file == null ? null : rot(path, random.nextInt(file.sectors()) * (long) sectorBytes);
    }

    /** One bit rots in the sector that holds this offset, if the atlas lets it. Returns where, or null. */
    public synchronized @Nullable String rot(String path, long offsetBytes) {
        SimulatedFile file = file(path);
        if (file == null || offsetBytes >= file.sizeBytes()) {
            return null;
        }
        int sector = file.sectorOf(offsetBytes);
        if (file.isDirty(sector) || !ledger.claim(FaultKind.BIT_ROT, path, file, sector)) {
            return null;
        }
        int bit = random.nextInt((int) Math.min(sectorBytes, file.sizeBytes() - (long) sector * sectorBytes) * 8);
        file.flip(sector, bit);
        return path + " sector " + sector + " bit " + bit;
    }

    /** Flips one given bit without asking anybody: for tests of what follows. */
    synchronized void flipBit(String path, long offsetBytes, int bit) {
        SimulatedFile file = file(path);
        if (file == null) {
            throw new IllegalArgumentException("no file " + path);
        }
        file.flip(file.sectorOf(offsetBytes), (int) (offsetBytes % sectorBytes) * 8 + bit);
    }

    /** The page that holds this offset becomes unreadable, if the atlas lets it. */
    public synchronized boolean breakSector(String path, long offsetBytes) {
        SimulatedFile file = file(path);
        return file != null && offsetBytes < file.sizeBytes() && fail(path, file, file.sectorOf(offsetBytes));
    }

    int bootCount() {
        return bootCount;
    }

    long usableBytes() {
        return Math.max(0, capacityBytes - reservedBytes - usedBytes());
    }

    long capacityBytes() {
        return capacityBytes;
    }

    synchronized int read(String path, SimulatedFile file, long offsetBytes, ByteBuffer into) throws IOException {
        if (into.hasRemaining() && offsetBytes < file.sizeBytes() && happens(faults.readErrorPpm())) {
            long last = Math.min(file.sizeBytes(), offsetBytes + into.remaining()) - 1;
            fail(path, file, random.nextInt(file.sectorOf(offsetBytes), file.sectorOf(last) + 1));
        }
        return file.read(offsetBytes, into);
    }

    synchronized int write(String path, SimulatedFile file, long offsetBytes, ByteBuffer from) throws IOException {
        if (crashesNow()) {
            int part = random.nextInt(from.remaining() / sectorBytes + 1) * sectorBytes;
            file.write(offsetBytes, from.duplicate().limit(from.position() + Math.min(part, from.remaining())));
            throw crash("in a write of " + path);
        }
        failMaybe();
        long neededBytes = (long) file.newSectors(offsetBytes, from.remaining()) * sectorBytes;
        if (neededBytes > 0 && neededBytes > usableBytes()) {
            throw new IOException("injected: No space left on device");
        }
        int written = file.write(offsetBytes, from);
        if (happens(faults.writebackPpm())) {
            BitSet dirty = file.dirtySectors();
            int sector = dirty.nextSetBit(random.nextInt(dirty.length()));
            file.flush(sector);
        }
        return written;
    }

    /** O_DSYNC, through the page cache: its own sectors are stable when it returns. Only of what the file has room for. */
    synchronized int writeSynced(String path, SimulatedFile file, long offsetBytes, ByteBuffer from)
            throws IOException {
        int first = file.sectorOf(offsetBytes);
        int last = file.sectorOf(offsetBytes + from.remaining() - 1);
        int written = write(path, file, offsetBytes, from);
        step("in a synced write of " + path);
        failMaybe();
        for (int i = first; i <= last; i++) {
            if (file.isDirty(i)) {
                byte[] before = file.stored(i);
                file.flush(i);
                misfortune(path, file, i, before);
            }
        }
        ledger.settle();
        return written;
    }

    synchronized void punch(String path, SimulatedFile file, long offsetBytes, long lengthBytes) throws IOException {
        step("in a punch of " + path);
        failMaybe();
        file.punch(offsetBytes, lengthBytes);
    }

    synchronized void truncate(String path, SimulatedFile file, long sizeBytes) throws IOException {
        step("in a truncation of " + path);
        file.truncate(sizeBytes);
    }

    synchronized void force(String path, SimulatedFile file) throws IOException {
        step("in a force of " + path);
        if (happens(faults.writeErrorPpm())) {
            file.forgetDirty(random);
            atlas.count(FaultKind.WRITE_ERROR);
            throw new IOException("injected: Input/output error");
        }
        BitSet dirty = file.dirtySectors();
        for (int i = dirty.nextSetBit(0); i >= 0; i = dirty.nextSetBit(i + 1)) {
            byte[] before = file.stored(i);
            file.flush(i);
            misfortune(path, file, i, before);
        }
        file.flushSize();
        ledger.settle();
    }

    /** A sector was made stable, as far as anybody can tell. */
    private void misfortune(String path, SimulatedFile file, int sector, byte @Nullable [] before) {
        if (happens(faults.lostWritePpm())) {
            ledger.mayTurnOutLost(path, file, sector, NO_TARGET, before, file.stored(sector));
        } else if (file.sectors() > 1 && happens(faults.misdirectedWritePpm())) {
            int target = random.nextInt(file.sectors());
            if (target != sector) {
                ledger.mayTurnOutLost(path, file, sector, target, before, file.stored(sector));
            }
        }
    }

    /**
     * Whole sectors past the page cache (O_DIRECT, O_DSYNC): stable when this returns. What is there after a crash in it, or
     * an error, is for the caller to say with {@link #land}.
     */
    synchronized void writeThrough(String path, long offsetBytes, byte[] content) throws IOException {
        step("in a write of " + path);
        failMaybe();
        SimulatedFile file = wholeSectors(path, offsetBytes, content);
        for (int i = 0; i < content.length / sectorBytes; i++) {
            int sector = file.sectorOf(offsetBytes) + i;
            byte[] before = file.stored(sector);
            file.writeThrough(sector, sectorOf(content, i));
            misfortune(path, file, sector, before);
        }
    }

    /** The same into the page cache, which promises nothing. */
    synchronized void writeCached(String path, long offsetBytes, byte[] content) throws IOException {
        int unused = write(path, wholeSectors(path, offsetBytes, content), offsetBytes, ByteBuffer.wrap(content));
    }

    /**
     * What is left of such a write that was under way when its process died.
     *
     * @param kept these sectors of it
     * @param unproven of these, the ones that make the node amnesiac
     */
    synchronized void land(String path, long offsetBytes, byte[] content, BitSet kept, BitSet unproven)
            throws IOException {
        SimulatedFile file = wholeSectors(path, offsetBytes, content);
        for (int i = kept.nextSetBit(0); i >= 0; i = kept.nextSetBit(i + 1)) {
            int sector = file.sectorOf(offsetBytes) + i;
            byte[] before = file.stored(sector);
            file.writeThrough(sector, sectorOf(content, i));
            if (unproven.get(i)) {
                ledger.leftUnproven(file, sector, before);
            }
        }
    }

    /** Whether a crash may leave writes in such a way that the node starts amnesiac. */
    boolean mayLeaveUnproven() {
        return ledger.mayLeaveUnproven();
    }

    /** Whether a crash has, and their file is still there for all to see. */
    synchronized boolean hasUnproven() {
        boolean[] found = new boolean[1];
        root.forEachFile("", (path, file) -> found[0] |= ledger.isUnproven(file));
        return found[0];
    }

    /** Whether some copy of this is bad. */
    boolean isDamaged(Region.Twin twin) {
        return atlas.isDamaged(nodeId, twin);
    }

    private SimulatedFile wholeSectors(String path, long offsetBytes, byte[] content) throws IOException {
        SimulatedFile file = file(path);
        if (file == null) {
            throw new NoSuchFileException(path);
        }
        if (offsetBytes % sectorBytes != 0
                || content.length % sectorBytes != 0
                || offsetBytes + content.length > file.sizeBytes()) {
            throw new IOException("a direct write of " + content.length + " bytes at " + offsetBytes + " of " + path);
        }
        return file;
    }

    private byte[] sectorOf(byte[] content, int i) {
        return Arrays.copyOfRange(content, i * sectorBytes, (i + 1) * sectorBytes);
    }

    /** More is known of what depends on some sectors. */
    synchronized void settle() {
        ledger.settle();
    }

    /** A power loss kept some, and lost some, of the sectors of a direct write. */
    void countLost(boolean someKept) {
        atlas.count(FaultKind.LOST_SECTORS);
        if (someKept) {
            atlas.count(FaultKind.TORN_WRITE);
        }
    }

    synchronized void forceDirectory(String path) throws IOException {
        step("in a force of " + path);
        failMaybe();
        directory(path).force();
        ledger.releaseUnless(file -> root.reaches(file));
    }

    synchronized @Nullable Inode find(String path) {
        Inode at = root;
        for (String name : SimulatedPath.namesOf(path)) {
            at = at instanceof SimulatedDirectory directory ? directory.get(name) : null;
            if (at == null) {
                return null;
            }
        }
        return at;
    }

    synchronized SimulatedDirectory directory(String path) throws IOException {
        if (find(path) instanceof SimulatedDirectory directory) {
            return directory;
        }
        throw new NoSuchFileException(path);
    }

    synchronized SimulatedFile create(String path) throws IOException {
        step("in the creation of " + path);
        SimulatedFile file = new SimulatedFile(sectorBytes, ledger::onRewritten);
        directory(SimulatedPath.parentOf(path)).put(SimulatedPath.nameOf(path), file);
        return file;
    }

    synchronized void createDirectory(String path) throws IOException {
        step("in the creation of " + path);
        if (find(path) != null) {
            throw new FileAlreadyExistsException(path);
        }
        directory(SimulatedPath.parentOf(path)).put(SimulatedPath.nameOf(path), new SimulatedDirectory());
    }

    synchronized void delete(String path) throws IOException {
        step("in the deletion of " + path);
        if (find(path) == null) {
            throw new NoSuchFileException(path);
        }
        directory(SimulatedPath.parentOf(path)).remove(SimulatedPath.nameOf(path));
    }

    synchronized void rename(String from, String to) throws IOException {
        step("in the renaming of " + from);
        SimulatedDirectory parent = directory(SimulatedPath.parentOf(from));
        if (find(from) == null) {
            throw new NoSuchFileException(from);
        }
        if (parent != directory(SimulatedPath.parentOf(to))) {
            // A log or a state file moves within its folder; over two folders a crash would have more outcomes.
            throw new UnsupportedOperationException("renaming " + from + " into another directory");
        }
        parent.rename(SimulatedPath.nameOf(from), SimulatedPath.nameOf(to));
    }

    private @Nullable SimulatedFile file(String path) {
        return find(path) instanceof SimulatedFile file ? file : null;
    }

    /** Through the page cache a bad sector takes its whole page with it. */
    private boolean fail(String path, SimulatedFile file, int sector) {
        int perPage = PAGE_BYTES / sectorBytes;
        int first = sector / perPage * perPage;
        int[] page = IntStream.range(first, Math.min(first + perPage, file.sectors()))
                .toArray();
        for (int each : page) {
            if (file.isDirty(each) || file.isUnreadable(each)) {
                return false;
            }
        }
        if (!ledger.claim(FaultKind.READ_ERROR, path, file, page)) {
            return false;
        }
        for (int each : page) {
            file.makeUnreadable(each);
        }
        return true;
    }

    private void failMaybe() throws IOException {
        if (happens(faults.writeErrorPpm())) {
            atlas.count(FaultKind.WRITE_ERROR);
            throw new IOException("injected: Input/output error");
        }
    }

    private boolean happens(int ppm) {
        return ppm > 0 && random.nextInt(PPM) < ppm;
    }

    private synchronized long usedBytes() {
        long[] used = {0};
        root.forEachFile("", (path, file) -> used[0] += file.allocatedBytes());
        return used[0];
    }

    private boolean crashesNow() {
        steps++;
        return stepsToCrash >= 0 && stepsToCrash-- == 0;
    }

    private void step(String where) {
        if (crashesNow()) {
            throw crash(where);
        }
    }

    private SimulatedCrash crash(String where) {
        bootCount++;
        stepsToCrash = NEVER;
        return new SimulatedCrash(where);
    }
}
