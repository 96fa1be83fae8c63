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
    /** What of {@link #sums} is in no file yet. */
    private final BlockSums pending;

    private DiskCheck(DiskReader blocks, DiskReader sums, BlockSums pending) {
        this.blocks = blocks;
        this.sums = sums;
        this.pending = pending;
    }

    /** Null where the page cache cannot be passed. */
    static @Nullable DiskCheck open(Path blocks, BlockSums sums) throws IOException {
        DiskReader ofBlocks = DiskReader.open(blocks);
        DiskReader ofSums = ofBlocks == null ? null : DiskReader.open(sums.file());
        if (ofBlocks == null || ofSums == null) {
            if (ofBlocks != null) {
                ofBlocks.close();
            }
            return null;
        }
        return new DiskCheck(ofBlocks, ofSums, sums);
    }

    /**
     * The sectors that cannot be read or do not fit, counted from the offset; also those that are being written, unless nobody
     * does.
     *
     * @param piece room for the blocks, from its position to its limit
     * @throws BlockStoreException if sums that wait in memory cannot be written, as a checkpoint could not
     */
    BitSet damaged(long offsetBytes, ByteBuffer piece) throws ClosedChannelException {
        flush(offsetBytes, piece.remaining());
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

    private void flush(long offsetBytes, int lengthBytes) throws ClosedChannelException {
        try {
            pending.flush(offsetBytes, lengthBytes);
        } catch (ClosedChannelException ended) {
            throw ended;
        } catch (IOException e) {
            throw new BlockStoreException("cannot write " + pending + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void close() throws IOException {
        blocks.close();
        sums.close();
    }
}
