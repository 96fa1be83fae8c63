package io.parablock.wal.kill;

import static io.parablock.wal.TestRecords.append;
import static io.parablock.wal.TestRecords.scan;

import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.uring.IoUringIoHandler;
import io.parablock.wal.Durability;
import io.parablock.wal.Wal;
import io.parablock.wal.WalListener;
import io.parablock.wal.chronicle.ChronicleWal;
import io.parablock.wal.direct.DirectConfig;
import io.parablock.wal.direct.DirectWal;
import io.parablock.wal.direct.RingIo;
import io.parablock.wal.segment.WalConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * A process that appends until it is killed, and prints each slot that the log has called durable. It cuts the log now and then:
 * the slot up to which is printed first.
 */
final class KilledWriter {
    /** An engine, and how it writes. */
    enum Engine {
        CHRONICLE_FSYNC,
        CHRONICLE_MAPPED,
        DIRECT_CHANNEL,
        DIRECT_RING;

        private static final DirectConfig DIRECT = new DirectConfig(8, 64 << 10);

        Wal open(Path directory, WalListener listener) {
            WalConfig config = WalConfig.of(directory, 42)
                    .withDurability(this == CHRONICLE_MAPPED ? Durability.MAPPED : Durability.FSYNC)
                    .withSegmentBytes(256 << 10)
                    .withRecordBytesMax(64 << 10);
            return switch (this) {
                case CHRONICLE_FSYNC, CHRONICLE_MAPPED -> ChronicleWal.open(config, listener);
                case DIRECT_CHANNEL, DIRECT_RING -> DirectWal.open(config, DIRECT, listener);
            };
        }
    }

    /** Records that may be on their way before the writer waits. */
    private static final long AHEAD_MAX = 64;

    private static final long PAUSE_US = 200;
    /** Records, at least, that are not cut: several segments, and more than may be on their way. */
    private static final long KEPT = 256;

    private final PrintStream out = System.out;
    private final Wal wal;
    private final Random random;
    private long slot;
    private long cut;
    private long told;

    private KilledWriter(Engine engine, Path directory) {
        wal = engine.open(directory, this::onDurable);
        slot = scan(wal).slots(1).stream().mapToLong(each -> each + 1).max().orElse(0);
        // Once at least in each run: what an earlier one has cut is known to it alone.
        cut = slot - 2 * KEPT;
        random = new Random(slot);
    }

    private void onDurable(long token) {
        told++;
        out.println("durable " + token);
    }

    private void appendSome() {
        for (int left = 1 + random.nextInt(4); left > 0; left--) {
            append(wal, 1, slot++, random.nextInt(20_000));
            told--;
        }
        wal.submit();
        if (slot > cut + 2 * KEPT) {
            cut = slot - KEPT;
            out.println("cut " + cut);
            wal.truncate(1, cut);
        }
    }

    private void onLoop(IoEventLoop loop) {
        while (-told < AHEAD_MAX) {
            appendSome();
        }
        loop.schedule(() -> onLoop(loop), PAUSE_US, TimeUnit.MICROSECONDS);
    }

    public static void main(String[] args) throws IOException {
        Engine engine = Engine.valueOf(args[1]);
        KilledWriter writer = new KilledWriter(engine, Path.of(args[0]));
        if (engine == Engine.DIRECT_RING && writer.wal instanceof DirectWal direct) {
            IoEventLoop loop = new MultiThreadIoEventLoopGroup(1, IoUringIoHandler.newFactory()).next();
            RingIo.attach(direct, loop);
            loop.execute(() -> writer.onLoop(loop));
            return;
        }
        while (true) {
            writer.appendSome();
        }
    }
}
