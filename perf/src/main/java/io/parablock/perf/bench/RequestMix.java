package io.parablock.perf.bench;

import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Decides what the next request is; the same seed decides the same. One thread at a time. */
final class RequestMix {
    private static final int PERCENT = 100;

    private final BenchSettings settings;
    private final int overlapPercent;
    private final int blocks;
    private final SplittableRandom random;
    private final @Nullable ZipfBlocks zipf;

    /**
     * @param overlapPercent share of the writes that go to the hot blocks
     * @param zipf what the addresses of the settings need, or null; it may be shared
     */
    RequestMix(BenchSettings settings, int overlapPercent, @Nullable ZipfBlocks zipf, long seed) {
        this.settings = settings;
        this.overlapPercent = overlapPercent;
        this.blocks = settings.blocks();
        this.random = new SplittableRandom(seed);
        this.zipf = zipf;
    }

    int blockBytes() {
        return settings.blockBytes();
    }

    boolean nextIsRead() {
        return random.nextInt(PERCENT) < settings.readPercent();
    }

    /** Of the whole range, or, for the share of writes that is to overlap, of its first few blocks. */
    int nextBlock(boolean read) {
        if (!read && random.nextInt(PERCENT) < overlapPercent) {
            return random.nextInt(settings.hotBlocks());
        }
        return zipf == null ? random.nextInt(blocks) : zipf.next(random);
    }
}
