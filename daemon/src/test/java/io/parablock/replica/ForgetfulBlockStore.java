package io.parablock.replica;

import io.parablock.blockdev.store.BlockStore;
import io.parablock.blockdev.store.DamagedBlocksException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** A block store in memory that forgets at a crash what was not fsynced. */
final class ForgetfulBlockStore implements BlockStore {
    private byte[] now;
    private byte[] stable;
    /** Sectors that do not have their checksums. */
    private final BitSet damaged = new BitSet();

    boolean failing;

    ForgetfulBlockStore(int size) {
        now = new byte[size];
        stable = new byte[size];
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
        damaged.clear(sector(offsetBytes), sector(offsetBytes + source.remaining()));
        source.get(now, (int) offsetBytes, source.remaining());
    }

    private static int sector(long offsetBytes) {
        return (int) (offsetBytes / 512);
    }

    /** Flips a bit of the sector at this offset. */
    synchronized void damage(long offsetBytes) {
        now[(int) offsetBytes] ^= 1;
        damaged.set(sector(offsetBytes));
    }

    synchronized boolean isDamaged() {
        return !damaged.isEmpty();
    }

    private void check() {
        if (failing) {
            throw new IllegalStateException("injected");
        }
    }

    @Override
    public synchronized void zero(long offsetBytes, long lengthBytes) {
        check();
        damaged.clear(sector(offsetBytes), sector(offsetBytes + lengthBytes));
        Arrays.fill(now, (int) offsetBytes, (int) (offsetBytes + lengthBytes), (byte) 0);
    }

    @Override
    public synchronized void trim(long offsetBytes, long lengthBytes) {
        zero(offsetBytes, lengthBytes);
    }

    @Override
    public synchronized void read(long offsetBytes, ByteBuffer target) {
        int bad = damaged.nextSetBit(sector(offsetBytes));
        if (bad >= 0 && bad < sector(offsetBytes + target.remaining())) {
            throw new DamagedBlocksException(
                    "sector " + bad + " is damaged", List.of(new DamagedBlocksException.Range(bad * 512L, 512)));
        }
        target.put(now, (int) offsetBytes, target.remaining());
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
