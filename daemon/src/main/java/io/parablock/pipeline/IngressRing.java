package io.parablock.pipeline;

import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.WaitStrategy;
import java.util.ArrayDeque;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The bounded way into a group's thread.
 *
 * <pre>
 *   other threads ──► [ ring, multi-producer ] ──────────┐
 *                       (full: they park)                ├──► group's thread
 *   group's thread ──► same ring while it has room,      │
 *                      else [ own inputs, bounded ] ─────┘
 * </pre>
 */
final class IngressRing {
    /** Inputs that the group's own thread may have waiting beside a full ring. */
    static final int OWN_INPUTS_MAX = 1 << 16;

    private static final long PARK_NS = TimeUnit.MICROSECONDS.toNanos(50);

    /** A ring slot. */
    static final class Slot {
        private @Nullable Runnable input;

        /** Takes the input out, so that the ring keeps nothing alive. */
        Runnable take() {
            Runnable r = input;
            input = null;
            if (r == null) {
                throw new AssertionError("an ingress slot without an input");
            }
            return r;
        }
    }

    private final RingBuffer<Slot> ring;
    /** Only the group's thread touches it. */
    private final ArrayDeque<Runnable> own = new ArrayDeque<>();

    /** What the group's thread put into the ring before {@link #own} lies up to here, and goes first. */
    private long ownAfter;

    private volatile boolean closed;

    IngressRing(int size, WaitStrategy wait) {
        this.ring = RingBuffer.createMultiProducer(Slot::new, size, wait);
    }

    RingBuffer<Slot> ring() {
        return ring;
    }

    /** @param wake called while waiting for room, so that a sleeping consumer cannot be what we wait for */
    void publish(Runnable input, boolean inLoop, Runnable wake) {
        if (closed) {
            throw new RejectedExecutionException("the group is closed");
        }
        if (inLoop) {
            publishOwn(input);
            return;
        }
        while (!ring.tryPublishEvent((slot, sequence, r) -> slot.input = r, input)) {
            if (closed) {
                throw new RejectedExecutionException("the group is closed");
            }
            wake.run();
            LockSupport.parkNanos(this, PARK_NS);
        }
    }

    boolean offer(Runnable input) {
        return !closed && ring.tryPublishEvent((slot, sequence, r) -> slot.input = r, input);
    }

    private void publishOwn(Runnable input) {
        // Once one input waits here, the next ones queue up behind it: the thread's own order is kept.
        if (own.isEmpty() && ring.tryPublishEvent((slot, sequence, r) -> slot.input = r, input)) {
            return;
        }
        if (own.size() >= OWN_INPUTS_MAX) {
            throw new RejectedExecutionException("more than " + OWN_INPUTS_MAX + " inputs of the group's own thread");
        }
        if (own.isEmpty()) {
            ownAfter = ring.getCursor();
        }
        own.add(input);
    }

    /** @param consumed the ring's inputs up to this sequence have run */
    @Nullable
    Runnable pollOwn(long consumed) {
        return consumed >= ownAfter ? own.poll() : null;
    }

    boolean hasOwn() {
        return !own.isEmpty();
    }

    boolean hasOwn(long consumed) {
        return !own.isEmpty() && consumed >= ownAfter;
    }

    void close() {
        closed = true;
    }

    boolean isClosed() {
        return closed;
    }
}
