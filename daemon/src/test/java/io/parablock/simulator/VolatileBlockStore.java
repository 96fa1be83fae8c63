package io.parablock.simulator;

import io.parablock.blockdev.store.BlockStore;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;

/** Blocks in memory; a power loss takes back any subset of the sectors written since the last fsync. */
final class VolatileBlockStore implements BlockStore {
    private static final int SECTOR = 512;
    private static final byte[] ZEROS = new byte[SECTOR];

    private final long sizeBytes;
    private final TreeMap<Long, byte[]> sectors;
    /** What the sectors written since the last fsync had before. */
    private final TreeMap<Long, byte[]> stable;

    VolatileBlockStore(long sizeBytes) {
        this(sizeBytes, new TreeMap<>(), new TreeMap<>());
    }

    private VolatileBlockStore(long sizeBytes, TreeMap<Long, byte[]> sectors, TreeMap<Long, byte[]> stable) {
        this.sizeBytes = sizeBytes;
        this.sectors = sectors;
        this.stable = stable;
    }

    VolatileBlockStore reopen() {
        return new VolatileBlockStore(sizeBytes, sectors, stable);
    }

    void powerLoss(Seeded random) {
        Iterator<Map.Entry<Long, byte[]>> it = stable.entrySet().iterator();
        while (it.hasNext()) {
            Map.Entry<Long, byte[]> e = it.next();
            if (random.coin()) {
                put(e.getKey(), e.getValue());
            }
            it.remove();
        }
    }

    private void put(long sector, byte[] content) {
        if (content == ZEROS) {
            sectors.remove(sector);
        } else {
            sectors.put(sector, content);
        }
    }

    private void replace(long sector, byte[] content) {
        stable.putIfAbsent(sector, sectors.getOrDefault(sector, ZEROS));
        put(sector, content);
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public void write(long offsetBytes, ByteBuffer content) {
        BlockStore.checkRange(offsetBytes, content.remaining(), sizeBytes);
        for (long s = offsetBytes / SECTOR; content.hasRemaining(); s++) {
            byte[] bytes = new byte[SECTOR];
            content.get(bytes);
            replace(s, Arrays.equals(bytes, ZEROS) ? ZEROS : bytes);
        }
    }

    @Override
    public void zero(long offsetBytes, long lengthBytes) {
        BlockStore.checkRange(offsetBytes, lengthBytes, sizeBytes);
        for (long s = offsetBytes / SECTOR; s < (offsetBytes + lengthBytes) / SECTOR; s++) {
            replace(s, ZEROS);
        }
    }

    @Override
    public void trim(long offsetBytes, long lengthBytes) {
        zero(offsetBytes, lengthBytes);
    }

    @Override
    public void read(long offsetBytes, ByteBuffer into) {
        BlockStore.checkRange(offsetBytes, into.remaining(), sizeBytes);
        for (long s = offsetBytes / SECTOR; into.hasRemaining(); s++) {
            into.put(sectors.getOrDefault(s, ZEROS));
        }
    }

    @Override
    public void fsync() {
        stable.clear();
    }

    @Override
    public long allocatedBytes() {
        return (long) sectors.size() * SECTOR;
    }

    @Override
    public void close() {}
}
