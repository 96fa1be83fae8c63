package io.parablock.simulator;

import io.parablock.blockdev.store.AllocationRun;
import io.parablock.blockdev.store.BlockStore;
import io.parablock.blockdev.store.DamagedRange;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Blocks in memory; a power loss takes back any subset of the sectors written since the last fsync. */
final class VolatileBlockStore implements BlockStore {
    private static final int SECTOR = 512;
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final byte[] ZEROS = new byte[SECTOR];

    private final long sizeBytes;
    private final byte @Nullable [][] sectors;
    /** What the sectors written since the last fsync had before. */
    private final byte @Nullable [][] stable;

    private final BitSet dirty;
    /** Durable, as a header of its own would be. */
    private boolean underRepair;

    VolatileBlockStore(long sizeBytes) {
        this(
                sizeBytes,
                new byte[(int) (sizeBytes / SECTOR)][],
                new byte[(int) (sizeBytes / SECTOR)][],
                new BitSet(),
                false);
    }

    private VolatileBlockStore(long sizeBytes, byte[][] sectors, byte[][] stable, BitSet dirty, boolean underRepair) {
        this.underRepair = underRepair;
        this.sizeBytes = sizeBytes;
        this.sectors = sectors;
        this.stable = stable;
        this.dirty = dirty;
    }

    VolatileBlockStore reopen() {
        return new VolatileBlockStore(sizeBytes, sectors, stable, dirty, underRepair);
    }

    void powerLoss(Seeded random) {
        for (int s = dirty.nextSetBit(0); s >= 0; s = dirty.nextSetBit(s + 1)) {
            if (random.coin()) {
                sectors[s] = stable[s];
            }
            stable[s] = null;
        }
        dirty.clear();
    }

    private void replace(int sector, byte @Nullable [] content) {
        if (!dirty.get(sector)) {
            dirty.set(sector);
            stable[sector] = sectors[sector];
        }
        sectors[sector] = content;
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public void write(long offsetBytes, ByteBuffer content) {
        BlockStore.checkRange(offsetBytes, content.remaining(), sizeBytes);
        for (int s = (int) (offsetBytes / SECTOR); content.hasRemaining(); s++) {
            byte[] bytes = new byte[SECTOR];
            content.get(bytes);
            replace(s, bytes);
        }
    }

    @Override
    public void zero(long offsetBytes, long lengthBytes) {
        BlockStore.checkRange(offsetBytes, lengthBytes, sizeBytes);
        for (int s = (int) (offsetBytes / SECTOR); s < (offsetBytes + lengthBytes) / SECTOR; s++) {
            replace(s, null);
        }
    }

    @Override
    public void trim(long offsetBytes, long lengthBytes) {
        zero(offsetBytes, lengthBytes);
    }

    @Override
    public void read(long offsetBytes, ByteBuffer into) {
        BlockStore.checkRange(offsetBytes, into.remaining(), sizeBytes);
        for (int s = (int) (offsetBytes / SECTOR); into.hasRemaining(); s++) {
            byte[] content = sectors[s];
            into.put(content == null ? ZEROS : content);
        }
    }

    /** The first eight bytes of a sector, big endian; 0 if it was never written. */
    long stamp(int sector) {
        byte[] content = sectors[sector];
        return content == null ? 0 : (long) LONGS.get(content, 0);
    }

    @Override
    public List<DamagedRange> verify(long offsetBytes, long lengthBytes) {
        return List.of();
    }

    @Override
    public void beginRepair() {
        underRepair = true;
    }

    @Override
    public boolean isUnderRepair() {
        return underRepair;
    }

    @Override
    public void endRepair() {
        underRepair = false;
    }

    @Override
    public void fsync() {
        for (int s = dirty.nextSetBit(0); s >= 0; s = dirty.nextSetBit(s + 1)) {
            stable[s] = null;
        }
        dirty.clear();
    }

    @Override
    public long allocatedBytes() {
        return Arrays.stream(sectors).filter(s -> s != null).count() * SECTOR;
    }

    @Override
    public AllocationRun runAt(long offsetBytes, long lengthBytes) {
        BlockStore.checkRange(offsetBytes, lengthBytes, sizeBytes);
        int first = (int) (offsetBytes / SECTOR);
        int end = (int) ((offsetBytes + lengthBytes) / SECTOR);
        boolean hole = sectors[first] == null;
        int s = first + 1;
        while (s < end && (sectors[s] == null) == hole) {
            s++;
        }
        return new AllocationRun((long) (s - first) * SECTOR, hole);
    }

    @Override
    public void close() {}
}
