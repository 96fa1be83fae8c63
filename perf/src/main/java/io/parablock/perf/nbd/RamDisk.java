package io.parablock.perf.nbd;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.parablock.blockdev.nbd.NbdBackend;
import io.parablock.blockdev.nbd.NbdExport;
import io.parablock.blockdev.nbd.NbdSession;
import io.parablock.blockdev.store.AllocationRun;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * An export that is one piece of memory, so that nothing but the NBD layer costs anything. A read copies into a pooled buffer,
 * as one from a node's page cache does. For one event loop.
 */
public final class RamDisk implements NbdBackend {
    public static final String EXPORT = "ram";
    /** Named limit: one buffer. */
    public static final long BYTES_MAX = 1L << 30;

    private final NbdExport export;
    private final ByteBuf memory;

    /** @param sizeBytes a multiple of 4096, up to {@link #BYTES_MAX} */
    public RamDisk(long sizeBytes) {
        if (sizeBytes < 4096 || sizeBytes > BYTES_MAX || sizeBytes % 4096 != 0) {
            throw new IllegalArgumentException(
                    "a disk of " + sizeBytes + " bytes, range 4096 to " + BYTES_MAX + ", a multiple of 4096");
        }
        this.export = new NbdExport(EXPORT, "memory", sizeBytes, false);
        // Collected like any object: nobody has to close a disk.
        this.memory = Unpooled.wrappedBuffer(ByteBuffer.allocateDirect((int) sizeBytes));
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
            ByteBuf found = PooledByteBufAllocator.DEFAULT.directBuffer(lengthBytes, lengthBytes);
            done.complete(0, found.writeBytes(memory, (int) offsetBytes, lengthBytes));
        }

        @Override
        public void write(long offsetBytes, ByteBuf payload, boolean fua, Completion done) {
            memory.setBytes((int) offsetBytes, payload, payload.readerIndex(), payload.readableBytes());
            payload.release();
            done.complete(0);
        }

        @Override
        public void zero(long offsetBytes, long lengthBytes, boolean noHole, boolean fua, Completion done) {
            memory.setZero((int) offsetBytes, (int) lengthBytes);
            done.complete(0);
        }

        @Override
        public void trim(long offsetBytes, long lengthBytes, boolean fua, Completion done) {
            zero(offsetBytes, lengthBytes, false, fua, done);
        }

        @Override
        public void flush(Completion done) {
            done.complete(0);
        }

        @Override
        public void prefetch(long offsetBytes, long lengthBytes, Completion done) {
            done.complete(0);
        }

        @Override
        public void blockStatus(long offsetBytes, long lengthBytes, boolean one, StatusCompletion done) {
            done.complete(0, List.of(new AllocationRun(lengthBytes, false)));
        }

        @Override
        public void detach() {}
    }
}
