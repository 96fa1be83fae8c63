package io.parablock.perf.bench;

import io.parablock.perf.NbdClient;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Asks at a fixed rate, whatever the answers do. A latency runs from the moment at which the request was to be sent: what it
 * waited because the server stalled, because {@link BenchSettings#DEPTH_MAX} others were in flight, or because this thread was
 * late, is in it. That is the correction for coordinated omission.
 */
final class OpenLoop extends MeasuredLoad {
    private final double intervalNs;
    private final long sendMs;

    /** @param sendMs how long after the end requests that wait for their turn are still sent */
    OpenLoop(NbdClient client, RequestMix mix, int perSecond, long warmUpNs, double seconds, long sendMs) {
        super(client, mix, BenchSettings.DEPTH_MAX, warmUpNs, seconds);
        this.intervalNs = 1e9 / perSecond;
        this.sendMs = sendMs;
    }

    @Override
    void ask() throws InterruptedException {
        boolean late = false;
        for (long i = 0; ; i++) {
            long intendedNs = beginNs + (long) (i * intervalNs);
            if (intendedNs >= endNs) {
                return;
            }
            if (!late) {
                pauseUntil(intendedNs);
            }
            synchronized (this) {
                Request request = late ? null : takeFree();
                if (request == null) {
                    // The rest only has to be counted.
                    late = true;
                    unsent(intendedNs);
                } else {
                    long nowNs = System.nanoTime();
                    delayed(intendedNs, nowNs);
                    send(request, intendedNs);
                }
            }
        }
    }

    private static void pauseUntil(long atNs) throws InterruptedException {
        for (long leftNs = atNs - System.nanoTime(); leftNs > 0; leftNs = atNs - System.nanoTime()) {
            LockSupport.parkNanos(leftNs);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }

    private @Nullable Request takeFree() throws InterruptedException {
        while (!lost()) {
            Request request = free.poll();
            if (request != null) {
                return request;
            }
            long leftNs = endNs + sendMs * 1_000_000 - System.nanoTime();
            if (leftNs <= 0) {
                return null;
            }
            wait(leftNs / 1_000_000 + 1);
        }
        return null;
    }

    @Override
    void freed(Request request, long nowNs) {
        free.add(request);
        if (free.size() == 1) {
            notifyAll();
        }
    }
}
