package io.parablock.main;

import io.parablock.blockdev.store.BlockStore;
import io.parablock.replica.GroupStore;
import java.nio.ByteBuffer;

/** A chunk's block store as its replica sees it. */
final class ChunkStore implements GroupStore {
    private final BlockStore store;

    ChunkStore(BlockStore store) {
        this.store = store;
    }

    @Override
    public long sizeBytes() {
        return store.sizeBytes();
    }

    @Override
    public void write(long offsetBytes, ByteBuffer source) {
        store.write(offsetBytes, source);
    }

    @Override
    public void zero(long offsetBytes, long lengthBytes) {
        store.zero(offsetBytes, lengthBytes);
    }

    @Override
    public void trim(long offsetBytes, long lengthBytes) {
        store.trim(offsetBytes, lengthBytes);
    }

    @Override
    public void read(long offsetBytes, ByteBuffer target) {
        store.read(offsetBytes, target);
    }

    @Override
    public void fsync() {
        store.fsync();
    }
}
