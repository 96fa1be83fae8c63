package io.parablock.main;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/** One group's part of the node's background threads: it can end before the others do. Thread-safe. */
final class GroupBackground implements Executor {
    private final Executor shared;
    private int underWay;
    private boolean closed;

    GroupBackground(Executor shared) {
        this.shared = shared;
    }

    /** @throws RejectedExecutionException after {@link #close} */
    @Override
    public void execute(Runnable work) {
        synchronized (this) {
            if (closed) {
                throw new RejectedExecutionException("the group is closed");
            }
            underWay++;
        }
        boolean taken = false;
        try {
            shared.execute(() -> {
                try {
                    work.run();
                } finally {
                    ended();
                }
            });
            taken = true;
        } finally {
            if (!taken) {
                ended();
            }
        }
    }

    private synchronized void ended() {
        underWay--;
        notifyAll();
    }

    /** Takes no more, and waits for what is under way. False if that takes longer. */
    synchronized boolean close(long timeoutMs) throws InterruptedException {
        closed = true;
        long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        while (underWay > 0) {
            long leftMs = TimeUnit.NANOSECONDS.toMillis(deadlineNs - System.nanoTime());
            if (leftMs <= 0) {
                return false;
            }
            wait(leftMs);
        }
        return true;
    }
}
