package io.parablock.main;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoop;
import io.parablock.config.NodeConfig;
import io.parablock.wal.Durability;
import io.parablock.wal.MemoryWal;
import io.parablock.wal.Wal;
import io.parablock.wal.WalListener;
import io.parablock.wal.chronicle.ChronicleWal;
import io.parablock.wal.direct.DirectConfig;
import io.parablock.wal.direct.DirectWal;
import io.parablock.wal.direct.RingIo;
import io.parablock.wal.segment.WalConfig;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which engine a node's log has, and its way to the disk. */
final class NodeWal {
    private static final Logger LOG = LoggerFactory.getLogger(NodeWal.class);
    private static final long DETACH_TIMEOUT_MS = 5_000;

    private NodeWal() {}

    static Wal open(NodeConfig config, WalListener listener) {
        boolean mapped = NodeSettings.mapped(config);
        WalConfig files = new WalConfig(
                config.dataDir().resolve("wal"),
                NodeSettings.clusterId(config),
                mapped ? Durability.MAPPED : Durability.FSYNC,
                config.wal().segmentBytes(),
                WalConfig.RECORD_BYTES_MAX_DEFAULT,
                config.wal().reserveBytes());
        return switch (engine(config)) {
            case MEMORY -> new MemoryWal(listener);
            case DIRECT -> DirectWal.open(files, direct(config), listener);
            case CHRONICLE, AUTO -> ChronicleWal.open(files, listener);
        };
    }

    private static DirectConfig direct(NodeConfig config) {
        int writesInFlight = writesInFlight(config);
        int bytes = config.wal().writeBytes();
        int writeBytes = bytes > 0 ? bytes : DiskChoice.writeBytes(config.dataDir());
        // What a header says of the starts before it reaches so far back: enough for what one write of several may
        // tear.
        boolean capped = bytes == 0 && writesInFlight > 1;
        return new DirectConfig(
                writesInFlight, capped ? Math.min(writeBytes, DirectConfig.WRITE_BYTES_MAX_DEFAULT) : writeBytes);
    }

    /** Whether its listener may hear of a record before it hears of one that was appended earlier. */
    static boolean completesOutOfOrder(NodeConfig config) {
        return engine(config) == NodeConfig.WalEngine.DIRECT && writesInFlight(config) > 1;
    }

    private static int writesInFlight(NodeConfig config) {
        int atOnce = config.wal().writesInFlight();
        return atOnce > 0 ? atOnce : DiskChoice.writesInFlight(config.dataDir());
    }

    private static NodeConfig.WalEngine engine(NodeConfig config) {
        NodeConfig.WalEngine wanted = config.wal().engine();
        if (wanted != NodeConfig.WalEngine.AUTO) {
            return wanted;
        }
        return NodeSettings.mapped(config) ? NodeConfig.WalEngine.CHRONICLE : NodeConfig.WalEngine.DIRECT;
    }

    /** Where everything runs on one event loop and that has a ring, a direct log writes on it from now on. */
    static void attach(Wal wal, EventLoopGroup loops) throws IOException {
        if (wal instanceof DirectWal direct && loops.next() instanceof IoEventLoop loop && RingIo.isPossible(loop)) {
            RingIo.attach(direct, loop);
        }
    }

    /** Before the event loop ends. Returns whether nothing is on its way any more. */
    static boolean detach(Wal wal, EventLoopGroup loops) throws InterruptedException {
        if (wal instanceof DirectWal direct && loops.next() instanceof IoEventLoop loop) {
            boolean detached = RingIo.detach(direct, loop, DETACH_TIMEOUT_MS);
            if (!detached) {
                LOG.warn("the log still writes after {} ms", DETACH_TIMEOUT_MS);
            }
            return detached;
        }
        return true;
    }
}
