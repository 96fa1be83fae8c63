package io.parablock.blockdev.store;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/** A chunk in memory, thin, for simulation and tests. */
public final class MemoryBlockStore implements BlockStore {
    private static final int PAGE = 4096;

    private final long sizeBytes;
    private final TreeMap<Long, byte[]> pages = new TreeMap<>();

    public MemoryBlockStore(long sizeBytes) {
        this.sizeBytes = sizeBytes;
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public synchronized void write(long offsetBytes, ByteBuffer content) {
        BlockStore.checkRange(offsetBytes, content.remaining(), sizeBytes);
        long at = offsetBytes;
        while (content.hasRemaining()) {
            int in = (int) (at % PAGE);
            int n = Math.min(PAGE - in, content.remaining());
            content.get(pages.computeIfAbsent(at / PAGE, p -> new byte[PAGE]), in, n);
            at += n;
        }
    }

    @Override
    public synchronized void zero(long offsetBytes, long lengthBytes) {
        BlockStore.checkRange(offsetBytes, lengthBytes, sizeBytes);
        long end = offsetBytes + lengthBytes;
        long firstPage = offsetBytes / PAGE;
        pages.subMap(firstPage, (end + PAGE - 1) / PAGE).entrySet().removeIf(e -> {
            long start = e.getKey() * PAGE;
            int from = (int) Math.max(0, offsetBytes - start);
            int to = (int) Math.min(PAGE, end - start);
            Arrays.fill(e.getValue(), from, to, (byte) 0);
            return from == 0 && to == PAGE;
        });
    }

    @Override
    public void trim(long offsetBytes, long lengthBytes) {
        zero(offsetBytes, lengthBytes);
    }

    @Override
    public synchronized void read(long offsetBytes, ByteBuffer into) {
        BlockStore.checkRange(offsetBytes, into.remaining(), sizeBytes);
        long at = offsetBytes;
        byte[] hole = new byte[PAGE];
        while (into.hasRemaining()) {
            int in = (int) (at % PAGE);
            int n = Math.min(PAGE - in, into.remaining());
            into.put(pages.getOrDefault(at / PAGE, hole), in, n);
            at += n;
        }
    }

    /** Memory is trusted. */
    @Override
    public List<DamagedRange> verify(long offsetBytes, long lengthBytes) {
        BlockStore.checkRange(offsetBytes, lengthBytes, sizeBytes);
        return List.of();
    }

    @Override
    public void fsync() {}

    @Override
    public synchronized long allocatedBytes() {
        return (long) pages.size() * PAGE;
    }

    @Override
    public synchronized AllocationRun runAt(long offsetBytes, long lengthBytes) {
        BlockStore.checkRange(offsetBytes, lengthBytes, sizeBytes);
        long page = offsetBytes / PAGE;
        long end = offsetBytes + lengthBytes;
        Long next = pages.ceilingKey(page);
        if (next == null || next != page) {
            long dataAt = next == null ? end : Math.min(end, next * PAGE);
            return new AllocationRun(dataAt - offsetBytes, true);
        }
        while (page * PAGE < end && pages.containsKey(page)) {
            page++;
        }
        return new AllocationRun(Math.min(end, page * PAGE) - offsetBytes, false);
    }

    @Override
    public void close() {}
}
