package io.parablock.blockdev.nbd.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Whether a client takes its replies. One that takes nothing for the stall time is closed; while the replies of all clients
 * take more memory than they may, this happens earlier. On the channel's event loop.
 */
final class ReplyWatch {
    private static final long CHECK_MS = 1_000;
    /** Named limit: without progress for so long a client may be closed early. */
    private static final long EARLY_MS = 10_000;
    /** Below this a client that takes nothing is not worth closing early. */
    private static final long EARLY_BYTES_MIN = 1 << 20;

    private final Channel channel;
    private final ReplyBacklog backlog;
    private final long stallMs;
    private final Consumer<String> onStalled;
    private final Future<?> checks;
    private long writes;
    private long countedBytes;
    private long lastTaken;
    private long lastProgress;
    private long stalledMs;

    /** @param stallMs 0: only early closing */
    ReplyWatch(Channel channel, ReplyBacklog backlog, long stallMs, Consumer<String> onStalled) {
        this.channel = channel;
        this.backlog = backlog;
        this.stallMs = stallMs;
        this.onStalled = onStalled;
        this.checks = channel.eventLoop().scheduleAtFixedRate(this::check, CHECK_MS, CHECK_MS, TimeUnit.MILLISECONDS);
    }

    /** One more buffer has been given to the channel. */
    void onWrite() {
        writes++;
    }

    private void check() {
        ChannelOutboundBuffer out = outbound();
        long pending = out == null ? 0 : out.totalPendingWriteBytes();
        backlog.add(pending - countedBytes);
        countedBytes = pending;
        if (out == null || pending == 0) {
            stalledMs = 0;
            return;
        }
        // Buffers that are gone, and how much of the next one is: grows with every byte that the client takes.
        long taken = writes - out.size();
        long progress = out.currentProgress();
        boolean same = taken == lastTaken && progress == lastProgress;
        lastTaken = taken;
        lastProgress = progress;
        stalledMs = same ? stalledMs + CHECK_MS : 0;
        if (stallMs > 0 && stalledMs >= stallMs) {
            onStalled.accept("it has taken no reply for " + stalledMs + " ms");
        } else if (stalledMs >= EARLY_MS && pending >= EARLY_BYTES_MIN && backlog.isOver()) {
            onStalled.accept("it takes no replies, and those of all clients need too much memory");
        }
    }

    private @Nullable ChannelOutboundBuffer outbound() {
        return channel.unsafe().outboundBuffer();
    }

    void close() {
        checks.cancel(false);
        backlog.add(-countedBytes);
        countedBytes = 0;
    }
}
