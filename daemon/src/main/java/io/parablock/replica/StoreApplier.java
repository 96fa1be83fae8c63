package io.parablock.replica;

import io.netty.buffer.ByteBuf;
import io.parablock.blockdev.store.BlockStore;
import io.parablock.raft.log.Entry;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Applies one entry to the block store, through the page cache. */
public final class StoreApplier {
    private final BlockStore store;

    public StoreApplier(BlockStore store) {
        this.store = store;
    }

    /** Keeps the payload's reference with the caller. */
    public void apply(Entry entry, @Nullable ByteBuf payload) {
        switch (entry.kind()) {
            case WRITE -> {
                if (payload == null || payload.readableBytes() != entry.lengthBytes()) {
                    throw new AssertionError("a write without its payload: " + entry);
                }
                if (payload.nioBufferCount() == 1) {
                    store.write(entry.offsetBytes(), payload.nioBuffer(payload.readerIndex(), payload.readableBytes()));
                } else {
                    long at = entry.offsetBytes();
                    for (ByteBuffer part : payload.nioBuffers()) {
                        int length = part.remaining();
                        store.write(at, part);
                        at += length;
                    }
                }
            }
            case ZERO -> store.zero(entry.offsetBytes(), entry.lengthBytes());
            case TRIM -> store.trim(entry.offsetBytes(), entry.lengthBytes());
            case NOOP, CONFIG, SESSION -> {}
        }
    }
}
