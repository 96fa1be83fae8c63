package io.parablock.simulator.disk;

import io.parablock.simulator.DiskTime;
import io.parablock.wal.direct.SegmentIo;
import io.parablock.wal.direct.SegmentWrite;
import io.parablock.wal.segment.Segment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Writes past the page cache into the sectors of a simulated disk: each is stable once it is complete; while it is on its
 * way a power loss keeps any of its sectors, and a kill all, some or none of them.
 *
 * <pre>
 *   DirectWal ─write─► [in flight] ─later, any order─► SimulatedDisk ──► [told] ──► DirectWal
 *                           └── a crash: what it leaves is on the disk before the next process reads
 * </pre>
 */
final class SectorIo implements SegmentIo {
    private final SimulatedDisk disk;
    private final WalRegions regions;
    private final DiskTime time;
    private final SplittableRandom random;
    private final boolean oneAtATime;
    private final boolean cached;
    private final List<WriteInFlight> inFlight = new ArrayList<>();

    /**
     * @param oneAtATime no write is handed over while another one is on its way
     * @param cached a write is taken for complete once it is in the page cache
     */
    SectorIo(
            SimulatedDisk disk,
            WalRegions regions,
            DiskTime time,
            SplittableRandom random,
            boolean oneAtATime,
            boolean cached) {
        this.disk = disk;
        this.regions = regions;
        this.time = time;
        this.random = random;
        this.oneAtATime = oneAtATime;
        this.cached = cached;
    }

    @Override
    public String name() {
        return "sector";
    }

    @Override
    public void write(SegmentWrite write, Completion completion) {
        WriteInFlight w = depart(write);
        time.later(() -> {
            Throwable failure = null;
            try {
                arrive(w, write);
            } catch (IOException e) {
                failure = e;
            }
            tell(write, completion, failure);
        });
    }

    private void tell(SegmentWrite write, Completion completion, @Nullable Throwable failure) {
        time.tell(() -> completion.onWritten(write, failure));
    }

    @Override
    public void writeNow(SegmentWrite write) throws IOException {
        arrive(depart(write), write);
    }

    private WriteInFlight depart(SegmentWrite write) {
        String path = ((SimulatedPath) write.segment().path).onDisk();
        for (WriteInFlight w : inFlight) {
            if (w.startBytes == write.startBytes() && w.path.equals(path)) {
                return w; // the same bytes once more
            }
        }
        regions.onHanded(path, write);
        byte[] content = new byte[write.lengthBytes()];
        write.bytes().get(content);
        WriteInFlight w = new WriteInFlight(
                path, write.startBytes(), content, disk.sectorBytes(), regions.headers(path, write.startBytes()));
        inFlight.add(w);
        return w;
    }

    /** If the process dies here it is still on its way. */
    private void arrive(WriteInFlight w, SegmentWrite write) throws IOException {
        if (!w.stable) {
            if (cached) {
                disk.writeCached(w.path, w.startBytes, w.content);
            } else {
                disk.writeThrough(w.path, w.startBytes, w.content);
            }
        }
        w.stable = true;
        inFlight.remove(w);
        regions.onWritten(w.path, write);
        disk.settle();
    }

    @Override
    public void finish(Segment segment) {}

    @Override
    public void close() {}

    /** The process is killed: the kernel waits for what is on its way, and some of it was cancelled. */
    void kill() {
        for (WriteInFlight w : inFlight) {
            switch (random.nextInt(3)) {
                case 0 -> w.keepAll();
                case 1 -> w.keepSome(random);
                default -> {}
            }
        }
        land();
    }

    void powerLoss() {
        for (WriteInFlight w : inFlight) {
            w.keepSome(random);
            if (!w.isWhole()) {
                disk.countLost(!w.kept().isEmpty());
            }
        }
        land();
    }

    /** The disk itself is gone. */
    void drop() {
        inFlight.clear();
    }

    private void land() {
        inFlight.forEach(this::judgeNonce);
        Map<String, Integer> lastHeaders = new LinkedHashMap<>();
        for (WriteInFlight w : inFlight) {
            int complete = lastHeaders.computeIfAbsent(w.path, regions::completeBytes);
            if (w.keepsAHeader()) {
                lastHeaders.put(w.path, Math.max(complete, w.endBytes()));
            }
        }
        for (WriteInFlight w : inFlight) {
            if (w.startBytes >= lastHeaders.getOrDefault(w.path, 0)) {
                judge(w);
            }
            try {
                disk.land(w.path, w.startBytes, w.content, w.kept(), w.unproven());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        inFlight.clear();
    }

    /** The first header of a segment has the nonce, and so has the manifest. */
    private void judgeNonce(WriteInFlight w) {
        if (w.startBytes == 0 && !w.keepsItsFirstHeader()) {
            if (disk.isDamaged(WalRegions.MANIFEST)) {
                w.keepItsFirstHeader();
            } else {
                regions.onProvenByManifest(w.path);
            }
        }
    }

    /** None of its headers is left, and none behind it. */
    private void judge(WriteInFlight w) {
        if (!oneAtATime || disk.isDamaged(WalRegions.MANIFEST)) {
            w.judgeBlocks(disk.mayLeaveUnproven());
        } else if (w.keepsABlock()) {
            regions.onProvenByManifest(w.path);
        }
    }
}
