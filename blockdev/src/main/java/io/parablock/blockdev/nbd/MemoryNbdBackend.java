package io.parablock.blockdev.nbd;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.parablock.blockdev.store.AllocationRun;
import io.parablock.blockdev.store.BlockStore;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** One export straight over a block store: no replication; for tests and for measuring the protocol layer alone. */
public final class MemoryNbdBackend implements NbdBackend {
    /** Named limit: runs in one answer. */
    private static final int RUNS_MAX = 256;

    private static final int ZERO_BYTES = 1 << 20;

    private final NbdExport export;
    private final BlockStore store;

    public MemoryNbdBackend(String name, BlockStore store) {
        this(name, store, false);
    }

    public MemoryNbdBackend(String name, BlockStore store, boolean readOnly) {
        this.export = new NbdExport(name, "memory", store.sizeBytes(), readOnly);
        this.store = store;
    }

    @Override
    public List<NbdExport> exports() {
        return List.of(export);
    }

    @Override
    public NbdSession attach(NbdExport attached) {
        return new Session();
    }

    private final class Session implements NbdSession {
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
            if (noHole) {
                ByteBuffer zeros = ByteBuffer.allocate((int) Math.min(ZERO_BYTES, lengthBytes));
                for (long at = 0; at < lengthBytes; at += zeros.capacity()) {
                    zeros.clear().limit((int) Math.min(zeros.capacity(), lengthBytes - at));
                    store.write(offsetBytes + at, zeros);
                }
            } else {
                store.zero(offsetBytes, lengthBytes);
            }
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
        public void prefetch(long offsetBytes, long lengthBytes, Completion done) {
            store.prefetch(offsetBytes, lengthBytes);
            done.complete(0);
        }

        @Override
        public void blockStatus(long offsetBytes, long lengthBytes, boolean one, StatusCompletion done) {
            List<AllocationRun> runs = new ArrayList<>();
            store.allocation(offsetBytes, lengthBytes, one ? 1 : RUNS_MAX, runs);
            done.complete(0, runs);
        }

        @Override
        public void detach() {}
    }
}
