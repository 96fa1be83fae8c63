package io.parablock.perf.wal;

import io.netty.channel.IoEventLoop;
import io.parablock.wal.Durability;
import io.parablock.wal.Wal;
import io.parablock.wal.WalListener;
import io.parablock.wal.chronicle.ChronicleWal;
import io.parablock.wal.direct.DirectConfig;
import io.parablock.wal.direct.DirectWal;
import io.parablock.wal.direct.RingIo;
import io.parablock.wal.segment.WalConfig;
import java.io.IOException;
import java.nio.file.Path;

/** An engine, its durability and its way to the disk. */
enum WalSubject {
    DIRECT_RING_ONE("direct fsync, io_uring, 1 write in flight", 1, true),
    DIRECT_RING_MANY("direct fsync, io_uring, 32 writes in flight", 32, true),
    DIRECT_CHANNEL("direct fsync, channel", 1, false),
    CHRONICLE_FSYNC("chronicle fsync", 0, false),
    CHRONICLE_MAPPED("chronicle mapped", 0, false);

    private static final long CLUSTER_ID = 1;
    private static final long DETACH_TIMEOUT_MS = 10_000;

    final String label;

    /** 0 for the other engine. */
    private final int writesInFlightMax;

    final boolean onRing;

    WalSubject(String label, int writesInFlightMax, boolean onRing) {
        this.label = label;
        this.writesInFlightMax = writesInFlightMax;
        this.onRing = onRing;
    }

    private DirectConfig direct() {
        return new DirectConfig(writesInFlightMax, DirectConfig.WRITE_BYTES_MAX_DEFAULT);
    }

    /** Writes on the caller's thread, until {@link #attach}. */
    Wal open(Path directory, WalListener listener) {
        WalConfig config = WalConfig.of(directory, CLUSTER_ID)
                .withDurability(this == CHRONICLE_MAPPED ? Durability.MAPPED : Durability.FSYNC);
        return writesInFlightMax > 0 ? DirectWal.open(config, direct(), listener) : ChronicleWal.open(config, listener);
    }

    /** Lets a log write on the loop's ring; it belongs to the loop then. */
    void attach(Wal wal, IoEventLoop loop) throws IOException {
        if (wal instanceof DirectWal direct) {
            RingIo.attach(direct, loop);
        }
    }

    void detach(Wal wal, IoEventLoop loop) throws InterruptedException {
        if (wal instanceof DirectWal direct && !RingIo.detach(direct, loop, DETACH_TIMEOUT_MS)) {
            throw new IllegalStateException("writes are still in flight after " + DETACH_TIMEOUT_MS + " ms");
        }
    }
}
