package io.parablock.replica;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** A block store in memory that forgets at a crash what was not fsynced. */
final class MemoryGroupStore implements GroupStore {
    private byte[] now;
    private byte[] stable;
    boolean failing;

    MemoryGroupStore(int size) {
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
    public synchronized void write(long offsetBytes, ByteBuffer source) throws IOException {
        check();
        source.get(now, (int) offsetBytes, source.remaining());
    }

    private void check() throws IOException {
        if (failing) {
            throw new IOException("injected");
        }
    }

    @Override
    public synchronized void zero(long offsetBytes, long lengthBytes) throws IOException {
        check();
        Arrays.fill(now, (int) offsetBytes, (int) (offsetBytes + lengthBytes), (byte) 0);
    }

    @Override
    public synchronized void trim(long offsetBytes, long lengthBytes) throws IOException {
        zero(offsetBytes, lengthBytes);
    }

    @Override
    public synchronized void read(long offsetBytes, ByteBuffer target) {
        target.put(now, (int) offsetBytes, target.remaining());
    }

    @Override
    public synchronized void fsync() throws IOException {
        check();
        stable = now.clone();
    }
}
