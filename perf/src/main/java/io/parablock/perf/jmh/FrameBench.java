package io.parablock.perf.jmh;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import io.parablock.transport.FrameReader;
import io.parablock.transport.FrameWriter;
import io.parablock.wal.RecordChecksum;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Frames between nodes: a message to bytes, with its header sealed by a CRC, and bytes to a message, CRCs checked. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(3)
public class FrameBench {
    private static final ByteBufAllocator ALLOC = PooledByteBufAllocator.DEFAULT;
    private static final int GROUP = 1;
    private static final int BLOCK_BYTES = 4096;
    private static final int WINDOW = 1024;
    private static final int LENGTH_FIELD_BYTES = 4;
    private static final long FIRST_SLOT = 10_000;

    /** What is sent most. Entries have 4 KiB each. */
    public enum Kind {
        /** One entry, and nothing else on its way. */
        APPEND(1, 0),
        /** 32 entries that follow one another. */
        APPEND_BATCH(32, 0),
        /** One entry, and a full window before it on its way: the frame has the extents of all of them. */
        APPEND_WINDOW(1, WINDOW - 1),
        /** The answer to APPEND_BATCH. */
        APPEND_ACK(0, 0),
        /** With nothing to tell. */
        HEARTBEAT(0, 0);

        private final int entries;
        private final int lookBehind;

        Kind(int entries, int lookBehind) {
            this.entries = entries;
            this.lookBehind = lookBehind;
        }
    }

    @Param
    public Kind kind = Kind.HEARTBEAT;

    private final byte[] block = new byte[BLOCK_BYTES];
    private Message message = new Message.SyncAck(1);
    private ByteBuf frame = ALLOC.directBuffer();
    private int decodedEntries;

    @Setup(Level.Trial)
    public void makeMessage() {
        new Random(BLOCK_BYTES).nextBytes(block);
        message = switch (kind) {
            case APPEND, APPEND_BATCH, APPEND_WINDOW -> append();
            case APPEND_ACK ->
                new Message.AppendAck(
                        1,
                        List.of(new SlotRun(FIRST_SLOT, FIRST_SLOT + 31)),
                        1,
                        FIRST_SLOT + 31,
                        FIRST_SLOT + 4L * WINDOW);
            case HEARTBEAT -> new Message.Heartbeat(1, 1, new Message.CommitNotice(FIRST_SLOT, List.of(), 1));
        };
        frame.release();
        ByteBuf encoded = FrameWriter.message(ALLOC, GROUP, message);
        // As it comes from a socket: in one piece.
        frame = ALLOC.directBuffer(encoded.readableBytes()).writeBytes(encoded);
        encoded.release();
    }

    private Message append() {
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < kind.entries; i++) {
            ByteBuf payload = ALLOC.directBuffer(BLOCK_BYTES).writeBytes(block);
            Entry e = new Entry(
                    FIRST_SLOT + i,
                    1,
                    EntryKind.WRITE,
                    (long) i * BLOCK_BYTES,
                    BLOCK_BYTES,
                    1,
                    i,
                    0,
                    new RecordChecksum().ofPayload(payload.nioBuffer()),
                    BLOCK_BYTES,
                    new long[0]);
            e.payload = payload;
            entries.add(e);
        }
        long[] lookBehind = new long[2 * kind.lookBehind];
        for (int i = 0; i < kind.lookBehind; i++) {
            lookBehind[2 * i] = (long) (WINDOW + i) * BLOCK_BYTES;
            lookBehind[2 * i + 1] = BLOCK_BYTES;
        }
        return new Message.Append(
                1,
                entries,
                FIRST_SLOT - kind.lookBehind,
                lookBehind,
                1,
                new Message.CommitNotice(FIRST_SLOT - WINDOW, List.of(), 1));
    }

    /** Payloads are not copied: the frame has slices of them. */
    @Benchmark
    public int encode() {
        ByteBuf out = FrameWriter.message(ALLOC, GROUP, message);
        int bytes = out.readableBytes();
        out.release();
        return bytes;
    }

    /** Payloads are checked and copied into buffers of their own. */
    @Benchmark
    public Message decode() {
        frame.readerIndex(LENGTH_FIELD_BYTES);
        Message decoded = new FrameReader(frame, ALLOC).message();
        decodedEntries = 0;
        if (decoded instanceof Message.Append a) {
            for (Entry e : a.entries()) {
                release(e);
            }
        }
        return decoded;
    }

    private void release(Entry e) {
        if (e.payload instanceof ByteBuf payload) {
            payload.release();
            decodedEntries++;
        }
    }

    /** What is decoded is what was encoded. */
    @TearDown(Level.Iteration)
    public void check() {
        int bytes = encode();
        Message decoded = decode();
        if (bytes != frame.writerIndex() || decodedEntries != kind.entries || decoded.term() != message.term()) {
            throw new AssertionError(bytes + " bytes, " + decodedEntries + " entries: " + decoded);
        }
    }

    @TearDown(Level.Trial)
    public void release() {
        frame.release();
        if (message instanceof Message.Append a) {
            a.entries().forEach(this::release);
        }
    }
}
