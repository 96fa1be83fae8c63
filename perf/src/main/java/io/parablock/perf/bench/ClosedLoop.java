package io.parablock.perf.bench;

import io.parablock.perf.NbdClient;

/**
 * Keeps a fixed number of requests in flight. A latency runs from the call that sends. When the server stalls, the loop asks
 * for nothing: what others would have waited meanwhile is not in its percentiles. {@link OpenLoop} has it.
 */
final class ClosedLoop extends MeasuredLoad {
    private final int depth;

    ClosedLoop(NbdClient client, RequestMix mix, int depth, long warmUpNs, double seconds) {
        super(client, mix, depth, warmUpNs, seconds);
        this.depth = depth;
    }

    @Override
    void ask() throws InterruptedException {
        synchronized (this) {
            for (int i = 0; i < depth && !lost(); i++) {
                send(free.remove(), System.nanoTime());
            }
            while (!lost()) {
                long leftNs = endNs - System.nanoTime();
                if (leftNs <= 0) {
                    return;
                }
                wait(leftNs / 1_000_000 + 1);
            }
        }
    }

    @Override
    void freed(Request request, long nowNs) {
        if (nowNs < endNs) {
            send(request, nowNs);
        }
    }
}
