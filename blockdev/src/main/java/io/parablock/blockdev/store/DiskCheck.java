package io.parablock.blockdev.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/** Compares blocks with their checksums as the disk has both, whatever is in memory. Any thread. */
final class DiskCheck implements AutoCloseable {
    private final DiskReader blocks;
    private final DiskReader sums;

    private DiskCheck(DiskReader blocks, DiskReader sums) {
        this.blocks = blocks;
        this.sums = sums;
    }

    /** Null where the page cache cannot be passed. */
    static @Nullable DiskCheck open(Path blocks, Path sums) throws IOException {
        DiskReader ofBlocks = DiskReader.open(blocks);
        DiskReader ofSums = ofBlocks == null ? null : DiskReader.open(sums);
        if (ofBlocks == null || ofSums == null) {
            if (ofBlocks != null) {
                ofBlocks.close();
            }
            return null;
        }
        return new DiskCheck(ofBlocks, ofSums);
    }

    /**
     * The sectors that cannot be read or do not fit, counted from the offset; also those that are being written, unless nobody
     * does.
     *
     * @param piece room for the blocks, from its position to its limit
     */
    BitSet damaged(long offsetBytes, ByteBuffer piece) throws ClosedChannelException {
        BitSet damaged = new BitSet();
        int start = piece.position();
        ByteBuffer stored = BlockSums.room(piece.remaining());
        blocks.readAround(
                offsetBytes,
                piece,
                (from, to) ->
                        damaged.set(from / BlockSumsDescriptor.SECTOR_BYTES, to / BlockSumsDescriptor.SECTOR_BYTES));
        sums.readAround(
                BlockSumsDescriptor.positionOf(offsetBytes),
                stored,
                (from, to) -> damaged.set(from / BlockSumsDescriptor.SUM_BYTES, to / BlockSumsDescriptor.SUM_BYTES));
        BlockSums.differing(piece, start, stored, damaged);
        return damaged;
    }

    @Override
    public void close() throws IOException {
        blocks.close();
        sums.close();
    }
}
