package io.parablock.transport;

import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * What went out to a peer in Append frames and is not acknowledged yet, by lane. A connection that stands still (a lost packet, a
 * switch's full queue) takes megabytes into its socket's buffer and looks idle meanwhile: what shows first is that frames are
 * acknowledged which went out later on other lanes. What is sent again on another lane is acknowledged there; then the first
 * lane still stands until the frame is acknowledged once more. Only the choice of a lane depends on it. Thread-safe.
 */
final class LaneBacklog {
    /** Named limit: of more frames the oldest are forgotten. */
    static final int FRAMES_MAX = 256;

    private static final long NONE = Long.MAX_VALUE;

    private final AtomicLongArray bytes;
    /** The number of the oldest frame of each lane, or {@link #NONE}. */
    private final AtomicLongArray oldest;
    /** Of the latest frame that was acknowledged. Written under the lock. */
    private volatile long newestAcknowledged;

    // Guarded by this: frames in the order in which they went out.
    private final int[] lanes = new int[FRAMES_MAX];
    private final int[] groups = new int[FRAMES_MAX];
    private final long[] slots = new long[FRAMES_MAX];
    private final int[] lengths = new int[FRAMES_MAX];
    private final long[] numbers = new long[FRAMES_MAX];
    /** Of a frame whose entries were sent again on another lane: how often they have yet to be acknowledged by name; else 0. */
    private final int[] repeats = new int[FRAMES_MAX];

    private int count;
    private long sent;

    LaneBacklog(int lanes) {
        this.bytes = new AtomicLongArray(lanes);
        this.oldest = new AtomicLongArray(lanes);
        for (int lane = 0; lane < lanes; lane++) {
            oldest.set(lane, NONE);
        }
    }

    /** Of frames that are not acknowledged. */
    long bytes(int lane) {
        return bytes.get(lane);
    }

    /** Whether a frame of another lane that went out later than one of this lane is acknowledged before it. */
    boolean isOvertaken(int lane) {
        return oldest.get(lane) < newestAcknowledged;
    }

    /**
     * @param first of the frame's entries
     * @param slot the last one of them
     */
    synchronized void sent(int lane, int group, long first, long slot, int length) {
        for (int i = 0; i < count; i++) {
            if (groups[i] == group && lanes[i] != lane && first <= slots[i] && slots[i] <= slot) {
                repeats[i] = 2;
            }
        }
        if (count == FRAMES_MAX) {
            remove((i, number) -> i == 0);
        }
        sent++;
        lanes[count] = lane;
        groups[count] = group;
        slots[count] = slot;
        lengths[count] = length;
        numbers[count] = sent;
        repeats[count] = 0;
        count++;
        bytes.addAndGet(lane, length);
        if (oldest.get(lane) == NONE) {
            oldest.set(lane, sent);
        }
    }

    /** What a peer says, if it is an acknowledgement. */
    void heard(int group, Message m) {
        if (m instanceof Message.AppendAck ack) {
            acknowledged(group, ack.slots(), ack.contigPrefix());
        } else if (m instanceof Message.HeartbeatAck ack) {
            acknowledged(group, List.of(), ack.contigPrefix());
        }
    }

    private synchronized void acknowledged(int group, List<SlotRun> runs, long prefix) {
        remove((i, number) -> {
            boolean done = false;
            if (groups[i] == group && repeats[i] == 0) {
                done = slots[i] <= prefix || isIn(runs, slots[i]);
            } else if (groups[i] == group && isIn(runs, slots[i])) {
                done = --repeats[i] == 0;
            }
            if (done && number > newestAcknowledged) {
                newestAcknowledged = number;
            }
            return done;
        });
    }

    private static boolean isIn(List<SlotRun> runs, long slot) {
        for (int i = 0; i < runs.size(); i++) {
            if (runs.get(i).first() <= slot && slot <= runs.get(i).last()) {
                return true;
            }
        }
        return false;
    }

    /** The lane has a new connection: what was on the old one is lost, or was heard. */
    synchronized void forget(int lane) {
        remove((i, number) -> lanes[i] == lane);
    }

    private interface Gone {
        /** @param i in the arrays */
        boolean isGone(int i, long number);
    }

    private void remove(Gone which) {
        int kept = 0;
        for (int i = 0; i < count; i++) {
            int lane = lanes[i];
            if (which.isGone(i, numbers[i])) {
                bytes.addAndGet(lane, -lengths[i]);
                if (oldest.get(lane) == numbers[i]) {
                    oldest.set(lane, next(lane, i));
                }
            } else {
                lanes[kept] = lane;
                groups[kept] = groups[i];
                slots[kept] = slots[i];
                lengths[kept] = lengths[i];
                numbers[kept] = numbers[i];
                repeats[kept] = repeats[i];
                kept++;
            }
        }
        count = kept;
    }

    /** The lane's first frame behind this one: it may be the next to go. */
    private long next(int lane, int after) {
        for (int i = after + 1; i < count; i++) {
            if (lanes[i] == lane) {
                return numbers[i];
            }
        }
        return NONE;
    }
}
