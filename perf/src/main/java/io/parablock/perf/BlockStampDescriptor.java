package io.parablock.perf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * What a load writes into a block, so that a later read proves whose content it is.
 *
 * <pre>
 *  0        8        16           24     28
 *  | run    | block  | generation | crc  | filling made from the three numbers ... to the end of the block
 * </pre>
 *
 * Little-endian. The CRC32C covers the whole block with the crc field taken as zero. A block of zeros was never
 * written: generation 0.
 */
final class BlockStampDescriptor {
    static final int RUN_OFFSET = 0;
    static final int BLOCK_OFFSET = 8;
    static final int GENERATION_OFFSET = 16;
    static final int CRC_OFFSET = 24;
    static final int FILLING_OFFSET = 32;

    /** The block does not carry what any write of this run put there. */
    static final long DAMAGED = -1;

    private static final long MIX = 0x9E3779B97F4A7C15L;

    private final long run;
    private final CRC32C crc = new CRC32C();

    BlockStampDescriptor(long run) {
        this.run = run;
    }

    /** Fills {@code target} (position 0 to its limit, a multiple of 8). */
    void write(ByteBuffer target, long block, long generation) {
        target.order(ByteOrder.LITTLE_ENDIAN);
        target.putLong(RUN_OFFSET, run);
        target.putLong(BLOCK_OFFSET, block);
        target.putLong(GENERATION_OFFSET, generation);
        target.putLong(CRC_OFFSET, 0);
        long filling = run ^ block * MIX ^ generation;
        for (int i = FILLING_OFFSET; i < target.limit(); i += Long.BYTES) {
            filling ^= filling << 13;
            filling ^= filling >>> 7;
            filling ^= filling << 17;
            target.putLong(i, filling);
        }
        target.putInt(CRC_OFFSET, checksum(target));
    }

    /** The generation that {@code source} carries for {@code block}: 0 if never written, {@link #DAMAGED} if wrong. */
    long generation(ByteBuffer source, long block) {
        source.order(ByteOrder.LITTLE_ENDIAN);
        int start = source.position();
        long generation = source.getLong(start + GENERATION_OFFSET);
        if (generation == 0 && allZero(source)) {
            return 0;
        }
        int expected = source.getInt(start + CRC_OFFSET);
        source.putInt(start + CRC_OFFSET, 0);
        int found = checksum(source);
        source.putInt(start + CRC_OFFSET, expected);
        boolean whole = found == expected
                && source.getLong(start + RUN_OFFSET) == run
                && source.getLong(start + BLOCK_OFFSET) == block
                && generation > 0;
        return whole ? generation : DAMAGED;
    }

    private int checksum(ByteBuffer block) {
        crc.reset();
        crc.update(block.duplicate());
        return (int) crc.getValue();
    }

    private static boolean allZero(ByteBuffer block) {
        for (int i = block.position(); i + Long.BYTES <= block.limit(); i += Long.BYTES) {
            if (block.getLong(i) != 0) {
                return false;
            }
        }
        return true;
    }
}
