package io.parablock.gateway;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * One client connection in one group, and its session there (protocol.md §10) from its first mutation on: its unanswered
 * entries by seq, and those that wait for the window or for the session to be opened.
 *
 * <p>Invariant: every seq in [lowestOutstanding, nextSeq) that is unanswered is in the ring, and nextSeq -
 * lowestOutstanding ≤ the window.
 */
final class GroupSession {
    private final int window;
    /** Empty before the first opening: a client that only reads costs nothing here. */
    private Part[] ring = new Part[0];

    private final ArrayDeque<Part> queued = new ArrayDeque<>();

    /** Names the session until it has an id; a re-opened session has a new one. */
    long nonce;

    /** 0 while it is not open. */
    long id;

    boolean opening;
    boolean closed;
    private long openSentNs;
    private boolean openRefused;
    /** After a refusal, until the opening is tried again; grows with each one. */
    private long openWaitNs;

    private long nextSeq = 1;
    private long lowestOutstanding = 1;

    GroupSession(int window) {
        this.window = window;
    }

    boolean isOpenOrOpening() {
        return opening || id != 0;
    }

    void startOpening(long newNonce) {
        if (ring.length == 0) {
            ring = new Part[window];
        }
        nonce = newNonce;
        opening = true;
        onNewLeader();
    }

    /** Whoever leads now has refused nothing. */
    void onNewLeader() {
        openRefused = false;
        openWaitNs = 0;
    }

    /** @param firstNs the wait after the second refusal in a row; the first one has none */
    void onOpenSent(long nowNs, long firstNs, long mostNs) {
        openSentNs = nowNs;
        if (openRefused) {
            openRefused = false;
            openWaitNs = openWaitNs == 0 ? firstNs : Math.min(mostNs, 2 * openWaitNs);
        }
    }

    void onOpenRefused() {
        openRefused = true;
    }

    /** @param retryNs the wait for an answer */
    boolean isOpenDue(long nowNs, long retryNs) {
        return opening && nowNs - openSentNs >= (openRefused ? openWaitNs : retryNs);
    }

    long lowestOutstanding() {
        return lowestOutstanding;
    }

    long nextSeq() {
        return nextSeq;
    }

    void queue(Part part) {
        queued.add(part);
    }

    boolean hasQueued() {
        return !queued.isEmpty();
    }

    boolean isWaiting() {
        return opening || unanswered() > 0;
    }

    int unanswered() {
        int n = queued.size();
        for (long seq = lowestOutstanding; seq < nextSeq; seq++) {
            n += at(seq) == null ? 0 : 1;
        }
        return n;
    }

    /** The next waiting part with its seq, or null if none may be sent now. */
    @Nullable
    Part admit() {
        if (id == 0 || nextSeq - lowestOutstanding >= ring.length) {
            return null;
        }
        Part part = queued.poll();
        if (part != null) {
            part.id = nextSeq++;
            ring[slot(part.id)] = part;
        }
        return part;
    }

    /** The unanswered part with this seq, or null. */
    @SuppressWarnings("NullAway") // The ring has empty places.
    @Nullable
    Part at(long seq) {
        return seq < lowestOutstanding || seq >= nextSeq ? null : ring[slot(seq)];
    }

    /** Takes an answered part out, or returns null if it was answered before. */
    @SuppressWarnings("NullAway")
    @Nullable
    Part take(long seq) {
        Part part = at(seq);
        if (part != null) {
            ring[slot(seq)] = null;
            while (lowestOutstanding < nextSeq && ring[slot(lowestOutstanding)] == null) {
                lowestOutstanding++;
            }
        }
        return part;
    }

    @Nullable
    Part takeQueued() {
        return queued.poll();
    }

    /** The first waiting part: the oldest one. */
    @Nullable
    Part peekQueued() {
        return queued.peek();
    }

    /** Everything that was sent ends with an error; with {@code queuedToo} also what waits. */
    void failAll(boolean queuedToo) {
        for (long seq = lowestOutstanding; seq < nextSeq; seq++) {
            Part part = take(seq);
            if (part != null) {
                part.complete(false, null);
            }
        }
        Part part = queuedToo ? takeQueued() : null;
        while (part != null) {
            part.complete(false, null);
            part = takeQueued();
        }
    }

    /** For a new session on the leader; call when no seq is unanswered. */
    void restart() {
        if (lowestOutstanding != nextSeq) {
            throw new AssertionError("seq " + lowestOutstanding + " is still unanswered");
        }
        id = 0;
        opening = false;
        nextSeq = 1;
        lowestOutstanding = 1;
    }

    private int slot(long seq) {
        return (int) (seq & (ring.length - 1));
    }
}
