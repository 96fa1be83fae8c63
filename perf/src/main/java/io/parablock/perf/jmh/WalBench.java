package io.parablock.perf.jmh;

import io.parablock.wal.Durability;
import io.parablock.wal.RecordChecksum;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.Wal;
import io.parablock.wal.WalRecord;
import io.parablock.wal.chronicle.ChronicleWal;
import io.parablock.wal.direct.DirectConfig;
import io.parablock.wal.direct.DirectWal;
import io.parablock.wal.segment.WalConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
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

/**
 * A record with 4 KiB of payload: its bytes alone, and the append to a log in the folder for temporary files ({@code
 * -jvmArgsAppend -Djava.io.tmpdir=DIR} for another). The log's times have the disk in them; {@code parablock wal bench} is
 * the tool for those.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(3)
public class WalBench {
    private static final int RECORDS = 16;
    private static final int BLOCK_BYTES = 4096;
    private static final long CLUSTER_ID = 1;
    private static final int GROUP = 1;
    private static final long NONCE = 42;
    private static final long TRUNCATE_EVERY_RECORDS = 8192;

    /** Records that follow one another, with the same payload. */
    private static final class Source {
        final ByteBuffer payload = ByteBuffer.allocateDirect(BLOCK_BYTES);
        private final int payloadCrc;
        private long slot;

        Source() {
            byte[] bytes = new byte[BLOCK_BYTES];
            new Random(BLOCK_BYTES).nextBytes(bytes);
            payload.put(bytes).clear();
            payloadCrc = new RecordChecksum().ofPayload(payload);
        }

        WalRecord next() {
            slot++;
            return new WalRecord(
                    GROUP,
                    slot,
                    1,
                    (byte) 1,
                    slot * BLOCK_BYTES,
                    BLOCK_BYTES,
                    1,
                    slot,
                    slot,
                    payloadCrc,
                    BLOCK_BYTES,
                    WalRecord.NO_DEP);
        }
    }

    /** The bytes of a record in memory. */
    @State(Scope.Thread)
    public static class Format {
        private final Source source = new Source();
        private final ByteBuffer bytes =
                ByteBuffer.allocateDirect(2 * BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        private final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        private final RecordChecksum checksum = new RecordChecksum();

        int encode() {
            WalRecord record = source.next();
            long position = RecordDescriptor.position(1, record.slot());
            int length = RecordDescriptor.encode(buffer, 0, record, CLUSTER_ID, position, 1, 0);
            int crc = checksum.ofHeader(bytes, 0, length, NONCE);
            bytes.clear();
            buffer.putInt(RecordDescriptor.HEADER_CRC_OFFSET, crc, ByteOrder.LITTLE_ENDIAN);
            buffer.putBytes(length, source.payload, 0, record.payloadLength());
            return crc;
        }

        /** What was encoded is what is read. */
        @TearDown(Level.Iteration)
        public void check() {
            int length = RecordDescriptor.plausibleHeaderLength(buffer, 0);
            boolean same = length == RecordDescriptor.HEADER_LENGTH_MIN
                    && RecordDescriptor.decode(buffer, 0).slot() == source.slot
                    && bytes.slice(length, BLOCK_BYTES).equals(source.payload);
            if (!same) {
                throw new AssertionError("not the record of slot " + source.slot);
            }
        }
    }

    /** A log in a folder of its own. */
    @State(Scope.Thread)
    public abstract static class Log {
        @Param({"64"})
        public int segmentMiB;

        private final Source source = new Source();
        private @Nullable Path folder;
        private @Nullable Wal wal;
        private long durable;

        abstract Wal open(WalConfig config);

        @Setup(Level.Trial)
        public void create() throws IOException {
            Path created = Files.createTempDirectory("parablock-jmh-");
            folder = created;
            wal = open(WalConfig.of(created.resolve("log"), CLUSTER_ID).withSegmentBytes((long) segmentMiB << 20));
        }

        void onDurable(long token) {
            durable++;
        }

        /** Appends so many records and submits them as one batch; all are durable when this returns. */
        long append(int records) {
            Wal log = wal;
            if (log == null) {
                throw new IllegalStateException("not open");
            }
            for (int i = 0; i < records; i++) {
                WalRecord record = source.next();
                log.append(record, source.payload, record.slot());
            }
            log.submit();
            if (source.slot % TRUNCATE_EVERY_RECORDS == 0) {
                log.truncate(GROUP, source.slot);
            }
            return durable;
        }

        @TearDown(Level.Iteration)
        public void check() {
            if (durable != source.slot) {
                throw new AssertionError(durable + " of " + source.slot + " records are durable");
            }
        }

        @TearDown(Level.Trial)
        public void delete() throws IOException {
            if (wal != null) {
                wal.close();
            }
            if (folder != null) {
                deleteAll(folder);
            }
        }

        private static void deleteAll(Path folder) throws IOException {
            try (Stream<Path> all = Files.walk(folder)) {
                all.sorted(Comparator.reverseOrder()).forEach(path -> {
                    try {
                        Files.deleteIfExists(path);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
            }
        }
    }

    /** Mapped, durable in the page cache. */
    @State(Scope.Thread)
    public static class Mapped extends Log {
        @Override
        Wal open(WalConfig config) {
            return ChronicleWal.open(config.withDurability(Durability.MAPPED), this::onDurable);
        }
    }

    /** Direct, one write for each batch. */
    @State(Scope.Thread)
    public static class Direct extends Log {
        @Override
        Wal open(WalConfig config) {
            return DirectWal.open(config, new DirectConfig(1, DirectConfig.WRITE_BYTES_MAX_DEFAULT), this::onDurable);
        }
    }

    /** Header, header's CRC and the copy of the payload, all in memory. */
    @Benchmark
    public int format(Format state) {
        return state.encode();
    }

    /** One record to the mapped log. */
    @Benchmark
    public long mapped(Mapped log) {
        return log.append(1);
    }

    /** One of 16 records that go to the disk as one write. */
    @Benchmark
    @OperationsPerInvocation(RECORDS)
    public long direct(Direct log) {
        return log.append(RECORDS);
    }
}
