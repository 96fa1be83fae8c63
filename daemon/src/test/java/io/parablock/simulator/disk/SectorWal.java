package io.parablock.simulator.disk;

import io.parablock.wal.Wal;
import io.parablock.wal.WalListener;
import io.parablock.wal.chronicle.ChronicleWal;
import io.parablock.wal.chronicle.SegmentEngine;
import io.parablock.wal.direct.DirectConfig;
import io.parablock.wal.direct.DirectWal;
import io.parablock.wal.segment.FileOpener;
import io.parablock.wal.segment.SegmentFiles;
import io.parablock.wal.segment.SegmentLayout;
import io.parablock.wal.segment.SegmentManifest;
import io.parablock.wal.segment.SegmentRemoval;
import io.parablock.wal.segment.WalConfig;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.SplittableRandom;
import java.util.function.ToLongFunction;

/**
 * The production log over the sectors of a simulated disk, on one thread: the same records, manifest, recovery scan, seals,
 * markers and truncation. Of the two engines the one that writes past the page cache is production code too; for the mapped
 * queue there is a stand-in that puts records where it would.
 */
final class SectorWal {
    private static final int PAGE_BYTES = 4096;

    private final WalRegions regions;
    private final SplittableRandom nonces;
    private final DiskMutation mutation;
    /** For one opening: forces do nothing. */
    private boolean deaf;

    private SectorWal(WalRegions regions, SplittableRandom nonces, DiskMutation mutation) {
        this.regions = regions;
        this.nonces = nonces;
        this.mutation = mutation;
        this.deaf = mutation == DiskMutation.NO_FORCE_AT_START;
    }

    /** @param nonces gives the segments' nonces; outlives the openings */
    static Wal openQueue(
            WalConfig config,
            WalListener listener,
            WalRegions regions,
            SplittableRandom nonces,
            DiskMutation mutation) {
        SectorWal made = new SectorWal(regions, nonces, mutation);
        SegmentEngine engine = new SegmentEngine(
                "sector",
                (runDirectory, runId, c) -> new SectorWriter(c.clusterId(), regions),
                made.files(SegmentLayout.QUEUE, SegmentManifest.MANY, SectorWal::fileBytes));
        return made.mutated(ChronicleWal.open(config, listener, engine));
    }

    static Wal openDirect(
            WalConfig config,
            DirectConfig direct,
            WalListener listener,
            WalRegions regions,
            SplittableRandom nonces,
            DiskMutation mutation,
            SectorIo io,
            AlignedMemory memory) {
        SectorWal made = new SectorWal(regions, nonces, mutation);
        SegmentFiles files =
                made.files(SegmentLayout.WRITES, direct.writesInFlightMax(), c -> DirectWal.fileBytes(c, direct));
        return made.mutated(DirectWal.open(config, direct, listener, files, io, memory));
    }

    private Wal mutated(Wal wal) {
        return mutation == DiskMutation.NONE
                ? wal
                : new MutantWal(wal, mutation == DiskMutation.ABSENT_BELOW_D, () -> deaf = false);
    }

    private SegmentFiles files(SegmentLayout layout, int writesInFlightMax, ToLongFunction<WalConfig> fileBytes) {
        return new SegmentFiles(
                layout,
                writesInFlightMax,
                fileBytes,
                this::force,
                FileOpener.BUFFERED,
                InlineExecutor::new,
                () -> SegmentRemoval.AT_ONCE,
                nonces::nextLong);
    }

    /** A record starts below segmentBytes; a marker may follow it. */
    private static long fileBytes(WalConfig config) {
        long needed = config.segmentBytes() + config.recordBytesMax() + PAGE_BYTES;
        return (needed + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    }

    private void force(FileChannel channel) throws IOException {
        if (!deaf) {
            channel.force(false);
            regions.onForced(((SimulatedFileChannel) channel).path());
        }
    }
}
