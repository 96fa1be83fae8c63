package io.parablock.blockdev.nbd;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.parablock.blockdev.store.BlockStore;
import java.util.List;

/** One export straight over a block store: no replication; for tests and for measuring the protocol layer alone. */
public final class MemoryNbdBackend implements NbdBackend {
    private final NbdExport export;
    private final BlockStore store;

    public MemoryNbdBackend(String name, BlockStore store) {
        this.export = new NbdExport(name, "memory", store.sizeBytes(), false);
        this.store = store;
    }

    @Override
    public List<NbdExport> exports() {
        return List.of(export);
    }

    @Override
    public NbdSession attach(NbdExport attached) {
        return new NbdSession() {
            @Override
            public void read(long offsetBytes, int lengthBytes, ReadCompletion done) {
                ByteBuf b = PooledByteBufAllocator.DEFAULT.directBuffer(lengthBytes, lengthBytes);
                store.read(offsetBytes, b.nioBuffer(0, lengthBytes));
                done.complete(0, b.writerIndex(lengthBytes));
            }

            @Override
            public void write(long offsetBytes, ByteBuf payload, boolean fua, Completion done) {
                try {
                    store.write(offsetBytes, payload.nioBuffer());
                } finally {
                    payload.release();
                }
                done.complete(0);
            }

            @Override
            public void zero(long offsetBytes, long lengthBytes, boolean noHole, boolean fua, Completion done) {
                store.zero(offsetBytes, lengthBytes);
                done.complete(0);
            }

            @Override
            public void trim(long offsetBytes, long lengthBytes, boolean fua, Completion done) {
                store.trim(offsetBytes, lengthBytes);
                done.complete(0);
            }

            @Override
            public void flush(Completion done) {
                store.fsync();
                done.complete(0);
            }

            @Override
            public void detach() {}
        };
    }
}
