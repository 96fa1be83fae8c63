package io.parablock.replica;

import io.parablock.blockdev.store.BlockStore;
import io.parablock.blockdev.store.DamagedBlocksException;
import io.parablock.blockdev.store.DamagedRange;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** A block store in memory that forgets at a crash what was not fsynced. */
final class ForgetfulBlockStore implements BlockStore {
    private static final int SECTOR = 512;

    private byte[] now;
    private byte[] stable;
    /** Sectors that do not fit their checksums, until they are written. */
    private final BitSet damaged = new BitSet();

    boolean failing;
    /** Durable: how often it was begun, and whether it is. */
    private boolean underRepair;

    int repairs;
    /** What was surely on the disk when the note of damage went. */
    private byte[] stableWithoutNote;

    ForgetfulBlockStore(int size) {
        now = new byte[size];
        stable = new byte[size];
        stableWithoutNote = stable;
    }

    synchronized void crash() {
        now = stable.clone();
    }

    synchronized byte[] content() {
        return now.clone();
    }

    @Override
    public synchronized long sizeBytes() {
        return now.length;
    }

    @Override
    public synchronized void write(long offsetBytes, ByteBuffer source) {
        check();
        damaged.clear((int) offsetBytes / SECTOR, (int) (offsetBytes + source.remaining()) / SECTOR);
        source.get(now, (int) offsetBytes, source.remaining());
    }

    private void check() {
        if (failing) {
            throw new IllegalStateException("injected");
        }
    }

    @Override
    public synchronized void zero(long offsetBytes, long lengthBytes) {
        check();
        damaged.clear((int) offsetBytes / SECTOR, (int) (offsetBytes + lengthBytes) / SECTOR);
        Arrays.fill(now, (int) offsetBytes, (int) (offsetBytes + lengthBytes), (byte) 0);
    }

    @Override
    public synchronized void trim(long offsetBytes, long lengthBytes) {
        zero(offsetBytes, lengthBytes);
    }

    @Override
    public synchronized void read(long offsetBytes, ByteBuffer target) {
        List<DamagedRange> found = verify(offsetBytes, target.remaining());
        target.put(now, (int) offsetBytes, target.remaining());
        if (!found.isEmpty()) {
            throw new DamagedBlocksException("the test's store", found);
        }
    }

    synchronized boolean isDamaged() {
        return !damaged.isEmpty();
    }

    /** Whole sectors rot: their bytes change, and their checksums tell. */
    synchronized void damage(int offsetBytes, int lengthBytes) {
        damaged.set(offsetBytes / SECTOR, (offsetBytes + lengthBytes) / SECTOR);
        for (int i = offsetBytes; i < offsetBytes + lengthBytes; i++) {
            now[i] ^= 0x55;
        }
    }

    @Override
    public synchronized List<DamagedRange> verify(long offsetBytes, long lengthBytes) {
        List<DamagedRange> found = new ArrayList<>();
        int end = (int) (offsetBytes + lengthBytes) / SECTOR;
        int from = damaged.nextSetBit((int) offsetBytes / SECTOR);
        while (from >= 0 && from < end) {
            int to = Math.min(end, damaged.nextClearBit(from));
            found.add(new DamagedRange((long) from * SECTOR, (long) (to - from) * SECTOR));
            from = damaged.nextSetBit(to);
        }
        return found;
    }

    @Override
    public synchronized void markDamaged(long offsetBytes, long lengthBytes) {
        zero(offsetBytes, lengthBytes);
        damaged.set((int) (offsetBytes / SECTOR), (int) ((offsetBytes + lengthBytes) / SECTOR));
    }

    @Override
    public void beginRepair() {
        check();
        repairs++;
        underRepair = true;
    }

    @Override
    public boolean isUnderRepair() {
        return underRepair;
    }

    @Override
    public synchronized void endRepair() {
        check();
        underRepair = false;
        stableWithoutNote = stable.clone();
    }

    synchronized byte[] stableWithoutNote(int offsetBytes, int lengthBytes) {
        return Arrays.copyOfRange(stableWithoutNote, offsetBytes, offsetBytes + lengthBytes);
    }

    @Override
    public synchronized void fsync() {
        check();
        stable = now.clone();
    }

    @Override
    public long allocatedBytes() {
        return sizeBytes();
    }

    @Override
    public void close() {}
}
