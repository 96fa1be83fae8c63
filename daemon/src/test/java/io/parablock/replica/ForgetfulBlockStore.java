package io.parablock.replica;

import io.parablock.blockdev.store.BlockStore;
import io.parablock.blockdev.store.DamagedRange;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** A block store in memory that forgets at a crash what was not fsynced. */
final class ForgetfulBlockStore implements BlockStore {
    private byte[] now;
    private byte[] stable;
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
        Arrays.fill(now, (int) offsetBytes, (int) (offsetBytes + lengthBytes), (byte) 0);
    }

    @Override
    public synchronized void trim(long offsetBytes, long lengthBytes) {
        zero(offsetBytes, lengthBytes);
    }

    @Override
    public synchronized void read(long offsetBytes, ByteBuffer target) {
        target.put(now, (int) offsetBytes, target.remaining());
    }

    @Override
    public List<DamagedRange> verify(long offsetBytes, long lengthBytes) {
        return List.of();
    }

    @Override
    public long adopt() {
        return 0;
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
