package io.parablock.simulator.disk;

import io.parablock.wal.Wal;
import io.parablock.wal.WalListener;
import io.parablock.wal.chronicle.ChronicleWal;
import io.parablock.wal.chronicle.SegmentEngine;
import io.parablock.wal.segment.FileOpener;
import io.parablock.wal.segment.SegmentFiles;
import io.parablock.wal.segment.SegmentLayout;
import io.parablock.wal.segment.SegmentManifest;
import io.parablock.wal.segment.WalConfig;
import java.nio.channels.FileChannel;
import java.util.SplittableRandom;

/**
 * The production log with its records written into the sectors of a simulated disk instead of a mapped queue: the same
 * records, manifest, recovery scan, seals, markers and truncation, on one thread.
 */
final class SectorWal {
    private static final int PAGE_BYTES = 4096;

    private SectorWal() {}

    /** @param random gives the segments' nonces; outlives the openings */
    static Wal open(WalConfig config, WalListener listener, WalRegions regions, SplittableRandom random) {
        return open(config, listener, regions, random, DiskMutation.NONE);
    }

    static Wal open(
            WalConfig config,
            WalListener listener,
            WalRegions regions,
            SplittableRandom random,
            DiskMutation mutation) {
        boolean[] deaf = {mutation == DiskMutation.NO_FORCE_AT_START};
        SegmentEngine engine = new SegmentEngine(
                "sector",
                (runDirectory, runId, c) -> new SectorWriter(c.clusterId(), regions),
                new SegmentFiles(
                        SegmentLayout.QUEUE,
                        SegmentManifest.MANY,
                        SectorWal::fileBytes,
                        channel -> {
                            if (!deaf[0]) {
                                force(channel, regions);
                            }
                        },
                        FileOpener.BUFFERED,
                        InlineExecutor::new,
                        random::nextLong));
        Wal wal = ChronicleWal.open(config, listener, engine);
        return mutation == DiskMutation.NONE
                ? wal
                : new MutantWal(wal, mutation == DiskMutation.ABSENT_BELOW_D, () -> deaf[0] = false);
    }

    /** A record starts below segmentBytes; a marker may follow it. */
    private static long fileBytes(WalConfig config) {
        long needed = config.segmentBytes() + config.recordBytesMax() + PAGE_BYTES;
        return (needed + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    }

    private static void force(FileChannel channel, WalRegions regions) throws java.io.IOException {
        channel.force(false);
        regions.onForced(((SimulatedFileChannel) channel).path());
    }
}
