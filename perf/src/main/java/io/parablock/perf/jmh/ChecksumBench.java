package io.parablock.perf.jmh;

import io.parablock.wal.RecordChecksum;
import io.parablock.wal.RecordDescriptor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** CRC32C as the log makes it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(3)
public class ChecksumBench {
    private static final int BLOCK_BYTES = 4096;
    private static final long NONCE = 42;

    private final RecordChecksum checksum = new RecordChecksum();
    private final ByteBuffer direct = block(ByteBuffer.allocateDirect(BLOCK_BYTES));
    private final ByteBuffer onHeap = block(ByteBuffer.allocate(BLOCK_BYTES));

    private static ByteBuffer block(ByteBuffer block) {
        byte[] bytes = new byte[BLOCK_BYTES];
        new Random(BLOCK_BYTES).nextBytes(bytes);
        return block.order(ByteOrder.LITTLE_ENDIAN).put(bytes).clear();
    }

    /** A payload of 4 KiB outside the heap, as payloads are. */
    @Benchmark
    public int payload() {
        return checksum.ofPayload(direct);
    }

    @Benchmark
    public int payloadOnHeap() {
        return checksum.ofPayload(onHeap);
    }

    /** A header without look-behind overlaps: 128 bytes. */
    @Benchmark
    public int header() {
        return headerOf(RecordDescriptor.HEADER_LENGTH_MIN);
    }

    /** The longest header: 640 bytes. */
    @Benchmark
    public int longestHeader() {
        return headerOf(RecordDescriptor.HEADER_LENGTH_MAX);
    }

    /** The nonce and a whole block in the way of a header. */
    @Benchmark
    public int headerBlock() {
        return headerOf(BLOCK_BYTES);
    }

    private int headerOf(int length) {
        int crc = checksum.ofHeader(direct, 0, length, NONCE);
        direct.clear();
        return crc;
    }
}
