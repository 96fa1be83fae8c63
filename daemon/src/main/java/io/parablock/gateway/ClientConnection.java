package io.parablock.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.parablock.blockdev.nbd.Nbd;
import io.parablock.blockdev.nbd.NbdSession;
import io.parablock.metrics.RequestMeters;
import io.parablock.metrics.RequestMeters.Operation;
import io.parablock.raft.log.EntryKind;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongSupplier;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One client at one volume, with a session in each of the volume's groups that it changes. Called on one thread, the connection's; answers
 * come on the groups' threads. Extents are inside the volume and not empty: the caller has checked that.
 */
final class ClientConnection implements NbdSession {
    private final Gateway.Export export;
    private final List<Gateway.GroupSessionHolder> sessions;
    private final GatewayConfig config;
    private final RequestMeters meters;
    private final ByteBufAllocator allocator;
    private final LongSupplier nowNs;
    private boolean closed;

    ClientConnection(
            Gateway.Export export,
            List<Gateway.GroupSessionHolder> sessions,
            GatewayConfig config,
            RequestMeters meters,
            ByteBufAllocator allocator,
            LongSupplier nowNs) {
        this.export = export;
        this.sessions = sessions;
        this.config = config;
        this.meters = meters;
        this.allocator = allocator;
        this.nowNs = nowNs;
    }

    @Override
    public void read(long offset, int length, ReadCompletion done) {
        RequestListener listener = (ok, content) -> done.complete(ok ? 0 : Nbd.EIO, content);
        long now = nowNs.getAsLong();
        int parts = RequestSplitter.count(offset, length, export.chunkBytes(), config.entryBytesMax());
        // One part is handed on as it came; several are put together in one buffer.
        ByteBuf target = parts == 1 ? null : allocator.directBuffer(length, length);
        ClientRequest request = new ClientRequest(meters, Operation.READ, length, now, parts, target, listener);
        split(offset, length, config.entryBytesMax(), (chunk, at, size, requestOffset) -> {
            PartListener partDone = part(request, requestOffset);
            ask(chunk, Part.ask(Part.Kind.READ, at, size, partDone, now));
        });
    }

    @Override
    public void write(long offset, ByteBuf payload, boolean fua, Completion done) {
        RequestListener listener = listener(done);
        long now = nowNs.getAsLong();
        int length = payload.readableBytes();
        int start = payload.readerIndex();
        int parts = RequestSplitter.count(offset, length, export.chunkBytes(), config.entryBytesMax());
        ClientRequest request = new ClientRequest(meters, Operation.WRITE, length, now, parts, null, listener);
        split(offset, length, config.entryBytesMax(), (chunk, at, size, requestOffset) -> {
            ByteBuf slice = payload.retainedSlice(start + (int) requestOffset, (int) size);
            int crc = crc(slice);
            PartListener partDone = part(request, requestOffset);
            Gateway.GroupSessionHolder session = sessions.get(chunk);
            run(
                    chunk,
                    partDone,
                    slice,
                    m -> m.gateway().mutate(session.get(), EntryKind.WRITE, at, size, fua, crc, slice, partDone, now));
        });
        payload.release();
    }

    @Override
    public void trim(long offset, long length, boolean fua, Completion done) {
        range(Operation.TRIM, EntryKind.TRIM, offset, length, fua, done);
    }

    /** Zeros that are to take space are written like anything else; whether others do is each block store's choice. */
    @Override
    public void zero(long offset, long length, boolean noHole, boolean fua, Completion done) {
        range(Operation.ZERO, noHole ? EntryKind.WRITE : EntryKind.ZERO, offset, length, fua, done);
    }

    private void range(Operation operation, EntryKind kind, long offset, long length, boolean fua, Completion done) {
        boolean written = kind == EntryKind.WRITE;
        int stepBytesMax = written ? writtenZerosBytesMax() : config.rangeBytesMax();
        stepped(operation, offset, length, stepBytesMax, done, (chunk, at, size, stepDone) -> {
            ByteBuf zeros = written ? ZeroPayload.of((int) size) : null;
            int crc = zeros == null ? 0 : crc(zeros);
            Gateway.GroupSessionHolder session = sessions.get(chunk);
            long now = nowNs.getAsLong();
            run(
                    chunk,
                    stepDone,
                    zeros,
                    m -> m.gateway().mutate(session.get(), kind, at, size, fua, crc, zeros, stepDone, now));
        });
    }

    @Override
    public void prefetch(long offset, long length, Completion done) {
        stepped(
                Operation.PREFETCH,
                offset,
                length,
                config.rangeBytesMax(),
                done,
                (chunk, at, size, stepDone) ->
                        ask(chunk, Part.ask(Part.Kind.PREFETCH, at, size, stepDone, nowNs.getAsLong())));
    }

    private void stepped(
            Operation operation, long offset, long length, int bytesMax, Completion done, SteppedRequest.Step step) {
        new SteppedRequest(
                        export,
                        meters,
                        operation,
                        nowNs,
                        offset,
                        length,
                        bytesMax,
                        config.rangeStepsMax(),
                        step,
                        listener(done))
                .begin();
    }

    @Override
    public void blockStatus(long offset, long length, boolean one, StatusCompletion done) {
        long start = nowNs.getAsLong();
        AllocationRequest.Asker asker = (chunk, at, size, partDone) ->
                ask(chunk, Part.ask(Part.Kind.ALLOCATION, at, size, partDone, nowNs.getAsLong()));
        StatusCompletion metered = (error, runs) -> {
            meters.onRequest(Operation.BLOCK_STATUS, 0, nowNs.getAsLong() - start, error == 0);
            done.complete(error, runs);
        };
        new AllocationRequest(export, offset, length, one, asker, metered).begin();
    }

    /** Every group of the volume. */
    @Override
    public void flush(Completion done) {
        RequestListener listener = listener(done);
        long now = nowNs.getAsLong();
        int parts = export.members().size();
        ClientRequest request = new ClientRequest(meters, Operation.FLUSH, 0, now, parts, null, listener);
        for (int chunk = 0; chunk < parts; chunk++) {
            PartListener partDone = part(request, 0);
            ask(chunk, Part.ask(Part.Kind.FLUSH, 0, 0, partDone, now));
        }
    }

    /** Its parts; zeros that take space are payloads on their way to the leader and to its log. */
    @Override
    public long costBytes(int type, int flags, long length) {
        boolean written = type == Nbd.CMD_WRITE_ZEROES && (flags & Nbd.CMD_FLAG_NO_HOLE) != 0;
        if (written) {
            return Math.min(length, (long) config.rangeStepsMax() * writtenZerosBytesMax());
        }
        long stepBytes = Math.min(config.rangeBytesMax(), export.chunkBytes());
        long parts = switch (type) {
            case Nbd.CMD_FLUSH -> export.members().size();
            case Nbd.CMD_TRIM, Nbd.CMD_WRITE_ZEROES, Nbd.CMD_CACHE ->
                Math.min(config.rangeStepsMax(), (length + stepBytes - 1) / stepBytes);
            default -> 1;
        };
        return parts * REQUEST_COST_BYTES;
    }

    private int writtenZerosBytesMax() {
        return Math.min(config.entryBytesMax(), ZeroPayload.BYTES_MAX);
    }

    /** The client has gone; its unanswered requests are not sent again. */
    @Override
    public void detach() {
        if (closed) {
            return;
        }
        closed = true;
        for (int chunk = 0; chunk < sessions.size(); chunk++) {
            Gateway.Member m = export.members().get(chunk);
            Gateway.GroupSessionHolder session = sessions.get(chunk);
            try {
                m.loop().execute(() -> m.gateway().close(session.get(), nowNs.getAsLong()));
            } catch (RejectedExecutionException e) {
                // The node stops; the sessions end with its next start.
                return;
            }
        }
    }

    private static RequestListener listener(Completion done) {
        return (ok, nothing) -> done.complete(ok ? 0 : Nbd.EIO);
    }

    private void split(long offset, long length, int partBytesMax, RequestSplitter.Visitor visitor) {
        int unused = RequestSplitter.split(offset, length, export.chunkBytes(), partBytesMax, visitor);
    }

    private PartListener part(ClientRequest request, long requestOffset) {
        return (ok, found) -> request.onPart(ok, found, requestOffset, nowNs.getAsLong());
    }

    private interface Input {
        void run(Gateway.Member member);
    }

    private void run(int chunk, PartListener done, @Nullable ByteBuf payload, Input input) {
        Gateway.Member m = export.members().get(chunk);
        try {
            m.loop().execute(() -> {
                if (sessions.get(chunk).get().closed) {
                    Gateway.release(payload);
                    done.onPart(false, null);
                } else {
                    input.run(m);
                }
            });
        } catch (RejectedExecutionException e) {
            // The node stops.
            Gateway.release(payload);
            done.onPart(false, null);
        }
    }

    private void ask(int chunk, Part part) {
        run(chunk, part.listener, null, m -> m.gateway().ask(sessions.get(chunk).get(), part, part.submittedNs));
    }

    private static int crc(ByteBuf bytes) {
        CRC32C crc = new CRC32C();
        if (bytes.nioBufferCount() == 1) {
            crc.update(bytes.nioBuffer());
        } else {
            for (ByteBuffer part : bytes.nioBuffers()) {
                crc.update(part);
            }
        }
        return (int) crc.getValue();
    }
}
