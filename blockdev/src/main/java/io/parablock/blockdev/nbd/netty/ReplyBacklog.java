package io.parablock.blockdev.nbd.netty;

import java.util.concurrent.atomic.AtomicLong;

/** Bytes of replies that the clients of a server have not taken. Thread-safe. */
final class ReplyBacklog {
    private final long bytesMax;
    private final AtomicLong bytes = new AtomicLong();

    ReplyBacklog(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    void add(long delta) {
        bytes.addAndGet(delta);
    }

    boolean isOver() {
        return bytes.get() > bytesMax;
    }
}
