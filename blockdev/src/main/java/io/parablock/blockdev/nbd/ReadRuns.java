package io.parablock.blockdev.nbd;

import io.netty.buffer.ByteBuf;

/**
 * Cuts what a read found into runs of zeros and runs of anything else, on block boundaries of the export, so that zeros
 * need not travel (proto.md, "NBD_CMD_READ", structured replies).
 */
public final class ReadRuns {
    /** Named limit: content chunks of one reply; what is left after so many runs is one more run of content. */
    public static final int CHUNKS_MAX = 64;

    /** Receives the runs in order, without gaps. */
    @FunctionalInterface
    public interface Visitor {
        /** @param index where the run begins in the content, in bytes */
        void run(int index, int length, boolean zeros, boolean last);
    }

    private ReadRuns() {}

    /**
     * @param content its readable bytes, not consumed
     * @param offset of the content in the export
     * @param whole NBD_CMD_FLAG_DF: one run, of zeros only if there is nothing else
     */
    public static void split(ByteBuf content, long offset, boolean whole, Visitor visitor) {
        int begin = content.readerIndex();
        int n = content.readableBytes();
        int at = 0;
        for (int runs = 1; at < n; runs++) {
            boolean zeros;
            int end;
            if (whole) {
                zeros = isZero(content, begin, n);
                end = n;
            } else if (runs == CHUNKS_MAX) {
                zeros = false;
                end = n;
            } else {
                end = blockEnd(offset, at, n);
                zeros = isZero(content, begin + at, end - at);
                while (end < n) {
                    int next = blockEnd(offset, end, n);
                    if (isZero(content, begin + end, next - end) != zeros) {
                        break;
                    }
                    end = next;
                }
            }
            visitor.run(at, end - at, zeros, end == n);
            at = end;
        }
    }

    private static int blockEnd(long offset, int at, int n) {
        int toBoundary = Nbd.BLOCK_PREFERRED - (int) ((offset + at) % Nbd.BLOCK_PREFERRED);
        return Math.min(n, at + toBoundary);
    }

    private static boolean isZero(ByteBuf b, int index, int length) {
        int i = index;
        int end = index + length;
        for (; i + Long.BYTES <= end; i += Long.BYTES) {
            if (b.getLong(i) != 0) {
                return false;
            }
        }
        for (; i < end; i++) {
            if (b.getByte(i) != 0) {
                return false;
            }
        }
        return true;
    }
}
