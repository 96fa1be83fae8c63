package io.parablock.blockdev.nbd.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.uring.IoUringSocketChannel;
import io.netty.channel.uring.IoUringTcpInfo;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Whether a client takes its replies and sends the payloads that it has announced. One that does nothing of it for the stall
 * time is closed; earlier, while others need the memory that it holds. On the channel's event loop.
 */
final class ClientWatch {
    /** The client is not in the middle of a payload, or is not read from. */
    static final long NOT_RECEIVING = -1;

    private static final long CHECK_MS = ClientRounds.ROUND_MS;
    /** Named limit: without progress for so long a client may be closed early. */
    private static final long EARLY_MS = 10_000;
    /** Below this a client that takes nothing is not worth closing early, unless others wait for their turn. */
    private static final long EARLY_BYTES_MIN = 1 << 20;

    /** tcp_states.h. */
    private static final int TCP_CLOSE = 7;

    private final Channel channel;
    private final IoUringTcpInfo tcpInfo = new IoUringTcpInfo();
    private final ReplyBacklog backlog;
    private final RequestBudget budget;
    private final long stallMs;
    private final Consumer<String> onStalled;
    private final ClientRounds.Place place;
    private LongSupplier received = () -> NOT_RECEIVING;
    private long writes;
    private long countedBytes;
    private long lastTaken;
    private long lastProgress;
    private long replyStallMs;
    private long lastReceived = NOT_RECEIVING;
    private long payloadStallMs;

    /** @param stallMs 0: only early closing */
    ClientWatch(Channel channel, AllClients all, long stallMs, Consumer<String> onStalled) {
        this.channel = channel;
        this.backlog = all.backlog();
        this.budget = all.budget();
        this.stallMs = stallMs;
        this.onStalled = onStalled;
        this.place = all.rounds(channel.eventLoop()).join(this::check);
    }

    /** @param bytes received so far while a payload is under way, else {@link #NOT_RECEIVING} */
    void watchReceiving(LongSupplier bytes) {
        received = bytes;
    }

    /** One more buffer has been given to the channel. */
    void onWrite() {
        writes++;
    }

    private void check() {
        if (isReset()) {
            channel.close();
            return;
        }
        checkPayload();
        checkReplies();
    }

    /**
     * With Netty 4.2.18's io_uring transport a reset that arrives together with data is told to nobody: the channel waits for an
     * event that has come already. The kernel knows the state of the connection.
     */
    private boolean isReset() {
        if (!(channel instanceof IoUringSocketChannel socket) || !channel.isActive()) {
            return false;
        }
        try {
            return socket.tcpInfo(tcpInfo).state() == TCP_CLOSE;
        } catch (ChannelException closedMeanwhile) {
            return false;
        }
    }

    private void checkPayload() {
        long now = received.getAsLong();
        payloadStallMs = now != NOT_RECEIVING && now == lastReceived ? payloadStallMs + CHECK_MS : 0;
        lastReceived = now;
        if (isTooLong(payloadStallMs) || (payloadStallMs >= EARLY_MS && budget.waiting() > 0)) {
            onStalled.accept("it has sent nothing of an announced payload for " + payloadStallMs + " ms");
        }
    }

    private void checkReplies() {
        ChannelOutboundBuffer out = outbound();
        long pending = out == null ? 0 : out.totalPendingWriteBytes();
        backlog.add(pending - countedBytes);
        countedBytes = pending;
        if (out == null || pending == 0) {
            replyStallMs = 0;
            return;
        }
        // Buffers that are gone, and how much of the next one is: grows with every byte that the client takes.
        long taken = writes - out.size();
        long progress = out.currentProgress();
        replyStallMs = taken == lastTaken && progress == lastProgress ? replyStallMs + CHECK_MS : 0;
        lastTaken = taken;
        lastProgress = progress;
        boolean needed = budget.waiting() > 0 || (pending >= EARLY_BYTES_MIN && backlog.isOver());
        boolean early = replyStallMs >= EARLY_MS && needed;
        if (isTooLong(replyStallMs) || early) {
            onStalled.accept("it has taken nothing of its replies for " + replyStallMs + " ms");
        }
    }

    private boolean isTooLong(long ms) {
        return stallMs > 0 && ms >= stallMs;
    }

    private @Nullable ChannelOutboundBuffer outbound() {
        return channel.unsafe().outboundBuffer();
    }

    void close() {
        place.leave();
        backlog.add(-countedBytes);
        countedBytes = 0;
    }
}
