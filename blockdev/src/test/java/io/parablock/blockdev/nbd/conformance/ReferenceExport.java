package io.parablock.blockdev.nbd.conformance;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** A sparse export in memory; a block that was never written, or zeroed away, is a hole. Thread-safe. */
final class ReferenceExport {
    private static final int BLOCK_BYTES = 4096;

    final String name;
    final String description;
    final long sizeBytes;
    final boolean readOnly;

    private final Map<Long, byte[]> blocks = new HashMap<>();

    ReferenceExport(String name, String description, long sizeBytes, boolean readOnly) {
        this.name = name;
        this.description = description;
        this.sizeBytes = sizeBytes;
        this.readOnly = readOnly;
    }

    ReferenceExport copy() {
        return new ReferenceExport(name, description, sizeBytes, readOnly);
    }

    synchronized byte[] read(long offset, int length) {
        byte[] bytes = new byte[length];
        for (int at = 0; at < length; ) {
            int inBlock = (int) ((offset + at) % BLOCK_BYTES);
            int count = Math.min(length - at, BLOCK_BYTES - inBlock);
            byte[] block = blocks.get((offset + at) / BLOCK_BYTES);
            if (block != null) {
                System.arraycopy(block, inBlock, bytes, at, count);
            }
            at += count;
        }
        return bytes;
    }

    synchronized void write(long offset, byte[] bytes) {
        for (int at = 0; at < bytes.length; ) {
            int inBlock = (int) ((offset + at) % BLOCK_BYTES);
            int count = Math.min(bytes.length - at, BLOCK_BYTES - inBlock);
            byte[] block = blocks.computeIfAbsent((offset + at) / BLOCK_BYTES, b -> new byte[BLOCK_BYTES]);
            System.arraycopy(bytes, at, block, inBlock, count);
            at += count;
        }
    }

    synchronized void zero(long offset, long length, boolean keepAllocated) {
        for (long at = offset; at < offset + length; ) {
            int inBlock = (int) (at % BLOCK_BYTES);
            int count = (int) Math.min(offset + length - at, BLOCK_BYTES - inBlock);
            long index = at / BLOCK_BYTES;
            byte[] block =
                    keepAllocated ? blocks.computeIfAbsent(index, b -> new byte[BLOCK_BYTES]) : blocks.get(index);
            if (block != null) {
                Arrays.fill(block, inBlock, inBlock + count, (byte) 0);
                if (count == BLOCK_BYTES && !keepAllocated) {
                    blocks.remove(index);
                }
            }
            at += count;
        }
    }

    synchronized boolean isHole(long offset) {
        return !blocks.containsKey(offset / BLOCK_BYTES);
    }

    /** The first byte behind {@code offset}, at most {@code end}, whose block is a hole where this one is not, or not. */
    synchronized long runEnd(long offset, long end) {
        boolean hole = isHole(offset);
        long at = offset - offset % BLOCK_BYTES + BLOCK_BYTES;
        while (at < end && isHole(at) == hole) {
            at += BLOCK_BYTES;
        }
        return Math.min(at, end);
    }
}
