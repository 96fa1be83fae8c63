package io.parablock.perf.jmh;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.parablock.blockdev.nbd.Nbd;
import io.parablock.blockdev.nbd.NbdExport;
import io.parablock.blockdev.nbd.Negotiated;
import io.parablock.blockdev.nbd.ProtocolException;
import io.parablock.blockdev.nbd.ReplyMode;
import io.parablock.blockdev.nbd.RequestDecoder;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Requests of 4 KiB that came together are decoded; the time is that of one. A write's payload is copied once. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(3)
public class NbdBench {
    private static final int REQUESTS = 16;
    private static final int BLOCK_BYTES = 4096;
    private static final long EXPORT_BYTES = 4L << 30;

    /** Takes every request and lets its payload go. */
    private static final class Counter implements RequestDecoder.Sink {
        long requests;
        long payloadBytes;

        @Override
        public boolean admit(int type, int flags, long length) {
            return true;
        }

        @Override
        public void onRequest(int type, int flags, long cookie, long offset, long length, @Nullable ByteBuf payload) {
            requests++;
            if (payload != null) {
                payloadBytes += payload.readableBytes();
                payload.release();
            }
        }

        @Override
        public void onRefused(int type, long cookie, long offset, int nbdError) {
            throw new AssertionError("refused with " + nbdError);
        }

        @Override
        public void onDisconnect() {
            throw new AssertionError("disconnected");
        }
    }

    @Param({"SIMPLE", "EXTENDED"})
    public ReplyMode mode = ReplyMode.SIMPLE;

    private final Counter counter = new Counter();
    private RequestDecoder decoder = decoder();
    private ByteBuf reads = PooledByteBufAllocator.DEFAULT.directBuffer();
    private ByteBuf writes = PooledByteBufAllocator.DEFAULT.directBuffer();
    private long invocations;

    private RequestDecoder decoder() {
        NbdExport export = new NbdExport("bench", "", EXPORT_BYTES, false);
        return new RequestDecoder(new Negotiated(export, mode, false), PooledByteBufAllocator.DEFAULT, counter);
    }

    @Setup(Level.Trial)
    public void encode() {
        decoder = decoder();
        byte[] payload = new byte[BLOCK_BYTES];
        Random random = new Random(BLOCK_BYTES);
        random.nextBytes(payload);
        for (int i = 0; i < REQUESTS; i++) {
            long offset = random.nextInt((int) (EXPORT_BYTES / BLOCK_BYTES)) * (long) BLOCK_BYTES;
            header(reads, Nbd.CMD_READ, i, offset);
            header(writes, Nbd.CMD_WRITE, i, offset);
            writes.writeBytes(payload);
        }
    }

    private void header(ByteBuf out, int type, long cookie, long offset) {
        boolean extended = mode == ReplyMode.EXTENDED;
        int flags = extended && type == Nbd.CMD_WRITE ? Nbd.CMD_FLAG_PAYLOAD_LEN : 0;
        out.writeInt(extended ? Nbd.EXTENDED_REQUEST_MAGIC : Nbd.REQUEST_MAGIC);
        out.writeShort(flags).writeShort(type).writeLong(cookie).writeLong(offset);
        if (extended) {
            out.writeLong(BLOCK_BYTES);
        } else {
            out.writeInt(BLOCK_BYTES);
        }
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long read() throws ProtocolException {
        return feed(reads);
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long write() throws ProtocolException {
        return feed(writes);
    }

    private long feed(ByteBuf in) throws ProtocolException {
        invocations++;
        decoder.feed(in.readerIndex(0));
        return counter.payloadBytes;
    }

    @TearDown(Level.Iteration)
    public void check() {
        if (counter.requests != invocations * REQUESTS) {
            throw new AssertionError(counter.requests + " requests in " + invocations + " times " + REQUESTS);
        }
    }

    @TearDown(Level.Trial)
    public void release() {
        reads.release();
        writes.release();
    }
}
