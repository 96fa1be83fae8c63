package io.parablock.transport;

import io.netty.buffer.PooledByteBufAllocator;
import io.parablock.replica.client.ClientMessage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** All connections to one peer: one for control, and those for bulk. Thread-safe. */
final class PeerLanes {
    private final int peer;
    private final Lane control;
    private final Lane[] data;
    private final LaneBacklog backlog;
    private final AtomicInteger next = new AtomicInteger();

    /** @param lane makes the lane of a number, {@link Lane#CONTROL} or 0 to {@code lanes} - 1 */
    PeerLanes(int peer, int lanes, IntFunction<Lane> lane) {
        this.peer = peer;
        control = lane.apply(Lane.CONTROL);
        data = new Lane[lanes];
        backlog = new LaneBacklog(lanes);
        for (int i = 0; i < lanes; i++) {
            data[i] = lane.apply(i);
        }
    }

    Lane control() {
        return control;
    }

    boolean isUp() {
        return control.isUp();
    }

    /** What was sent on the lanes and is not acknowledged. */
    LaneBacklog backlog() {
        return backlog;
    }

    /**
     * The least-loaded lane that is up, or null; equals take turns. Load is what is not acknowledged, or not on the wire; a lane
     * that others have overtaken comes last.
     *
     * @param lanes the first so many are asked
     */
    @Nullable
    Lane leastLoaded(int lanes) {
        int count = Math.min(lanes, data.length);
        Lane best = null;
        long leastBytes = Long.MAX_VALUE;
        boolean overtaken = true;
        int first = Math.floorMod(next.getAndIncrement(), count);
        for (int i = 0; i < count; i++) {
            int number = (first + i) % count;
            Lane lane = data[number];
            if (lane.isUp()) {
                long bytes = lane.queuedBytes() + backlog.bytes(number);
                boolean late = backlog.isOvertaken(number);
                if (best == null || (overtaken && !late) || (overtaken == late && bytes < leastBytes)) {
                    best = lane;
                    leastBytes = bytes;
                    overtaken = late;
                }
            }
        }
        return best;
    }

    @Nullable
    Lane leastLoaded() {
        return leastLoaded(data.length);
    }

    /** What is sent on no lane, or on one that is down, is lost. The payload's reference stays with the caller. */
    static void send(@Nullable Lane lane, int groupId, ClientMessage message) {
        if (lane != null && lane.isUp()) {
            FrameType type = FrameWriter.isBulk(message) ? FrameType.MUTATE : FrameType.READ;
            lane.write(FrameWriter.client(PooledByteBufAllocator.DEFAULT, groupId, message), type);
        }
    }

    void dial() {
        control.dial();
        for (Lane lane : data) {
            lane.dial();
        }
    }

    void redialNow() {
        control.redialNow();
        for (Lane lane : data) {
            lane.redialNow();
        }
    }

    void flush() {
        control.flush();
        for (Lane lane : data) {
            lane.flush();
        }
    }

    void close() {
        control.close();
        for (Lane lane : data) {
            lane.close();
        }
    }

    PeerTransport.PeerReading reading() {
        int up = 0;
        long queued = control.queuedBytes();
        long refused = control.refusedFrames();
        for (Lane lane : data) {
            up += lane.isUp() ? 1 : 0;
            queued += lane.queuedBytes();
            refused += lane.refusedFrames();
        }
        return new PeerTransport.PeerReading(peer, control.isUp(), up, queued, control.reconnects(), refused);
    }
}
