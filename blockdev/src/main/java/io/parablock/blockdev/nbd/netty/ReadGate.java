package io.parablock.blockdev.nbd.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.EventLoop;
import java.util.concurrent.TimeUnit;

/**
 * When a connection's socket is read: while its owner wants it, except that
 *
 * <ul>
 *   <li>behind {@link #TURN_BYTES_MAX} everything else that the event loop has to do gets its turn first: as long as sockets
 *       have something to read the loop would go on reading,
 *   <li>a client that sends a few bytes at a time is read from less often, so that its bytes come together: each read costs
 *       the loop as much as a whole request does.
 * </ul>
 *
 * On the channel's event loop.
 */
final class ReadGate {
    /** Named limit: what one connection may bring before others have their turn. */
    static final int TURN_BYTES_MAX = 1 << 20;

    /** Named limit: reads of less, on average, are paused. No message of NBD but the client's flags is shorter. */
    static final int READ_BYTES_MIN = 16;

    /** What a client may be short of that average: flags, headers and payloads may come separately. */
    static final int CREDIT_BYTES_MAX = 256;

    /** Named limit: the pause between two reads of a client without credit. */
    static final long PAUSE_MS = 50;

    private final Channel channel;
    private boolean wanted = true;
    private boolean held;
    private boolean closed;
    private int turnBytes;
    private int creditBytes = CREDIT_BYTES_MAX;

    ReadGate(Channel channel) {
        this.channel = channel;
    }

    void want(boolean reads) {
        wanted = reads;
        update();
    }

    /** Whether the owner wants reads, if not at this moment. */
    boolean isWanted() {
        return wanted;
    }

    /** Nothing is read any more, whatever the owner wants. */
    void close() {
        closed = true;
        update();
    }

    void onRead(int bytes) {
        turnBytes += bytes;
        creditBytes = Math.min(CREDIT_BYTES_MAX, creditBytes + bytes - READ_BYTES_MIN);
        if (held) {
            return;
        }
        EventLoop loop = channel.eventLoop();
        if (creditBytes < 0) {
            hold();
            loop.schedule(this::release, PAUSE_MS, TimeUnit.MILLISECONDS);
        } else if (turnBytes >= TURN_BYTES_MAX) {
            hold();
            loop.execute(this::release);
        }
    }

    private void hold() {
        held = true;
        update();
    }

    private void release() {
        held = false;
        turnBytes = 0;
        creditBytes = Math.max(0, creditBytes);
        update();
    }

    private void update() {
        ChannelConfig config = channel.config();
        boolean reads = wanted && !held && !closed;
        if (config.isAutoRead() != reads && channel.isActive()) {
            config.setAutoRead(reads);
        }
    }
}
