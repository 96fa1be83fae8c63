package io.parablock.gateway;

/**
 * Cuts an extent of a volume into parts: at each chunk's end, because a chunk is a group of its own, and at the entry
 * maximum, there on a block boundary.
 */
final class RequestSplitter {
    @FunctionalInterface
    interface Visitor {
        /** @param requestOffset where this part begins in the request */
        void part(int chunk, long offsetInChunk, long lengthBytes, long requestOffset);
    }

    private RequestSplitter() {}

    /** @return the number of parts */
    static int split(long offset, long length, long chunkBytes, int partBytesMax, Visitor visitor) {
        int parts = 0;
        long done = 0;
        while (done < length) {
            long at = offset + done;
            long part = partBytes(at, length - done, chunkBytes, partBytesMax);
            visitor.part((int) (at / chunkBytes), at % chunkBytes, part, done);
            done += part;
            parts++;
        }
        return parts;
    }

    /** The length of the part that begins at {@code at}, with {@code left} bytes to come. */
    static long partBytes(long at, long left, long chunkBytes, int partBytesMax) {
        long inChunk = at % chunkBytes;
        long toBoundary = partBytesMax - inChunk % GatewayConfig.BLOCK_BYTES;
        return Math.min(Math.min(left, chunkBytes - inChunk), toBoundary);
    }

    static int count(long offset, long length, long chunkBytes, int partBytesMax) {
        return split(offset, length, chunkBytes, partBytesMax, (c, o, l, r) -> {});
    }
}
