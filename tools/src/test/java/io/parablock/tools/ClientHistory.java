package io.parablock.tools;

import io.parablock.simulator.check.History;
import io.parablock.simulator.check.LinearizabilityChecker;
import io.parablock.simulator.check.Violation;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * What clients asked of one volume and what they were told, block by block: each block is a register, and each write has a
 * stamp of its own. {@link #endRound} checks that one order explains it; two things are checked at once:
 *
 * <ul>
 *   <li>a block is written whole: every word of it carries the same stamp;
 *   <li>no zombies: a write whose connection ended without an answer is not read after its client has written the block
 *       again, on another connection, and got the answer.
 * </ul>
 *
 * Thread-safe.
 */
final class ClientHistory {
    static final int BLOCK_BYTES = 4096;
    private static final int PROBLEMS_MAX = 10;
    private static final long TORN = Long.MIN_VALUE;

    /** One request; {@code stamp} is 0 for a read. */
    record Request(int operation, int client, int first, int units, long stamp, long begun) {
        long offsetBytes() {
            return (long) first * BLOCK_BYTES;
        }

        int bytes() {
            return units * BLOCK_BYTES;
        }
    }

    /** A write of one block that has no answer and never will. */
    private record LostWrite(int client, int block, long stamp, long lost) {}

    private record Value(int block, long stamp) {}

    private final long[] present;
    private final List<LostWrite> lostWrites = new ArrayList<>();
    /** What must not be seen by reads that begin later than this. */
    private final Map<Value, Long> buried = new HashMap<>();

    private final List<String> problems = new ArrayList<>();
    private History history = new History();
    private long events;
    private long stamps;
    private int open;
    private long checked;

    ClientHistory(int blocks) {
        this.present = new long[blocks];
    }

    int blocks() {
        return present.length;
    }

    /** To be called before the request is sent. */
    synchronized Request write(int client, int first, int units) {
        return begin(client, History.Kind.WRITE, first, units, ++stamps);
    }

    synchronized Request read(int client, int first, int units) {
        return begin(client, History.Kind.READ, first, units, 0);
    }

    private Request begin(int client, History.Kind kind, int first, int units, long stamp) {
        open++;
        int operation = history.invoke(client, kind, first, units, stamp, System.nanoTime());
        return new Request(operation, client, first, units, stamp, ++events);
    }

    /** The write is acknowledged. */
    synchronized void answered(Request write) {
        open--;
        history.ok(write.operation, System.nanoTime());
        events++;
        Iterator<LostWrite> it = lostWrites.iterator();
        while (it.hasNext()) {
            LostWrite lost = it.next();
            boolean later = lost.client == write.client
                    && lost.lost < write.begun
                    && write.first <= lost.block
                    && lost.block < write.first + write.units;
            if (later) {
                it.remove();
                buried.put(new Value(lost.block, lost.stamp), events);
            }
        }
    }

    synchronized void answered(Request read, ByteBuffer content) {
        open--;
        events++;
        long[] values = new long[read.units];
        for (int unit = 0; unit < read.units; unit++) {
            int block = read.first + unit;
            values[unit] = stampOf(content, unit);
            if (values[unit] == TORN) {
                problem("block " + block + " is torn: its words are of different writes");
                return;
            }
            Long burial = buried.get(new Value(block, values[unit]));
            if (burial != null && burial < read.begun) {
                problem("zombie: block " + block + " reads as write " + values[unit]
                        + " of a client that got no answer to"
                        + " it, wrote the block again and got the answer before this read began");
            }
            present[block] = values[unit];
        }
        history.okRead(read.operation, values, System.nanoTime());
    }

    /** The server has said that it did not begin it (NBD_ESHUTDOWN). */
    synchronized void refused(Request request) {
        open--;
        events++;
        history.refused(request.operation);
    }

    /** The connection ended: a write may have taken effect, may yet do so, or never. */
    synchronized void lost(Request request) {
        open--;
        events++;
        for (int unit = 0; request.stamp != 0 && unit < request.units; unit++) {
            lostWrites.add(new LostWrite(request.client, request.first + unit, request.stamp, events));
        }
    }

    private void problem(String what) {
        if (problems.size() < PROBLEMS_MAX) {
            problems.add(what);
        }
    }

    /** What is wrong so far, in words. */
    synchronized List<String> problems() {
        return List.copyOf(problems);
    }

    /** Requests of the rounds that were checked. */
    synchronized long checked() {
        return checked;
    }

    /**
     * Checks the round and begins the next one. No request may be under way, and every block must have been read since.
     *
     * @throws Violation if no order explains what clients saw
     */
    synchronized void endRound() {
        if (open != 0) {
            throw new IllegalStateException(open + " requests are under way");
        }
        new LinearizabilityChecker(history).check();
        checked += history.size();
        history = new History();
        long nowNs = System.nanoTime();
        for (int block = 0; block < present.length; block++) {
            if (present[block] != 0) {
                history.ok(history.invoke(0, History.Kind.WRITE, block, 1, present[block], nowNs), nowNs);
            }
        }
        for (LostWrite lost : lostWrites) {
            if (present[lost.block] != lost.stamp) {
                int unanswered = history.invoke(lost.client, History.Kind.WRITE, lost.block, 1, lost.stamp, nowNs);
                assert unanswered >= 0;
            }
        }
    }

    /** Makes the content of a write: each block is filled with its stamp. */
    static ByteBuffer content(Request write) {
        ByteBuffer content = ByteBuffer.allocate(write.bytes());
        while (content.hasRemaining()) {
            content.putLong(write.stamp);
        }
        return content.flip();
    }

    private static long stampOf(ByteBuffer content, int unit) {
        int start = content.position() + unit * BLOCK_BYTES;
        long stamp = content.getLong(start);
        for (int at = start; at < start + BLOCK_BYTES; at += Long.BYTES) {
            if (content.getLong(at) != stamp) {
                return TORN;
            }
        }
        return stamp;
    }
}
