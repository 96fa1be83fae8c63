package io.parablock.blockdev.nbd.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.parablock.blockdev.nbd.Nbd;
import io.parablock.blockdev.nbd.NbdBackend;
import io.parablock.blockdev.nbd.NbdExport;
import io.parablock.blockdev.nbd.NbdSession;
import io.parablock.blockdev.store.AllocationRun;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Nothing is answered before the test says so. */
final class HoldingBackend implements NbdBackend {
    /** A request in work. */
    record Begun(long offsetBytes, Runnable answer) {}

    static final long WRITTEN_ZEROS_BYTES_MAX = 8 << 20;

    final Queue<Begun> begun = new ConcurrentLinkedQueue<>();
    private final long sizeBytes;

    HoldingBackend(long sizeBytes) {
        this.sizeBytes = sizeBytes;
    }

    @Override
    public List<NbdExport> exports() {
        return List.of(new NbdExport("disk", "held", sizeBytes, false));
    }

    @Override
    public NbdSession attach(NbdExport export) {
        return new Session();
    }

    private void add(long offsetBytes, Runnable answer) {
        begun.add(new Begun(offsetBytes, answer));
    }

    private final class Session implements NbdSession {
        @Override
        public void read(long offsetBytes, int lengthBytes, ReadCompletion done) {
            add(offsetBytes, () -> {
                ByteBuf b = Unpooled.directBuffer(lengthBytes).writeZero(lengthBytes);
                done.complete(0, b);
            });
        }

        @Override
        public void write(long offsetBytes, ByteBuf payload, boolean fua, Completion done) {
            payload.release();
            add(offsetBytes, () -> done.complete(0));
        }

        @Override
        public void zero(long offsetBytes, long lengthBytes, boolean noHole, boolean fua, Completion done) {
            add(offsetBytes, () -> done.complete(0));
        }

        @Override
        public void trim(long offsetBytes, long lengthBytes, boolean fua, Completion done) {
            add(offsetBytes, () -> done.complete(0));
        }

        @Override
        public void flush(Completion done) {
            add(0, () -> done.complete(0));
        }

        @Override
        public void prefetch(long offsetBytes, long lengthBytes, Completion done) {
            add(offsetBytes, () -> done.complete(0));
        }

        @Override
        public void blockStatus(long offsetBytes, long lengthBytes, boolean one, StatusCompletion done) {
            add(offsetBytes, () -> done.complete(0, List.of(new AllocationRun(lengthBytes, false))));
        }

        @Override
        public long costBytes(int type, int flags, long lengthBytes) {
            boolean written = type == Nbd.CMD_WRITE_ZEROES && (flags & Nbd.CMD_FLAG_NO_HOLE) != 0;
            return written ? Math.min(lengthBytes, WRITTEN_ZEROS_BYTES_MAX) : REQUEST_COST_BYTES;
        }

        @Override
        public void detach() {
            // What is in work stays there until it is answered.
        }
    }
}
