package io.parablock.tools;

import io.parablock.perf.NbdClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a client: keeps requests in flight on blocks that other connections work on too, and tells a
 * {@link ClientHistory} what it asked and what it was told. When the node that it is attached to stops in an orderly way it goes
 * on at another one; any other end of its connection is a problem, and so is every error.
 */
final class HistoryClient implements AutoCloseable {
    private static final int ESHUTDOWN = 108;
    private static final double READ_SHARE = 0.4;
    private static final double FUA_SHARE = 0.1;
    /** A request covers up to so many blocks. */
    private static final int UNITS_MAX = 4;

    private static final int PROBLEMS_MAX = 10;
    private static final long RECONNECT_PAUSE_MS = 5;

    /**
     * How long clients waited.
     *
     * @param gapMs the longest time without any answer on one connection
     * @param slowestMs the longest time that one request took
     * @param gapEnd when that longest time without an answer ended
     * @param node where the client was attached then
     */
    record Wait(double gapMs, double slowestMs, Instant gapEnd, int node) {
        static final Wait NONE = new Wait(0, 0, Instant.EPOCH, 0);

        Wait or(Wait other) {
            Wait longer = other.gapMs > gapMs ? other : this;
            return new Wait(longer.gapMs, Math.max(slowestMs, other.slowestMs), longer.gapEnd, longer.node);
        }

        Instant gapBegin() {
            return gapEnd.minusNanos((long) (gapMs * 1e6));
        }
    }

    private static final ScheduledExecutorService THINKING = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "thinking-clients");
        thread.setDaemon(true);
        return thread;
    });

    private final LiveCluster live;
    private final ClientHistory history;
    /** Nodes that are told to stop: nobody connects there. */
    private final Set<Integer> leaving;

    private final int number;
    private final int depth;
    private final Random random;
    private final Thread thread;

    // Guarded by this.
    private int wantedNode;
    private int node;
    private @Nullable NbdClient connection;
    /** Of the connection: no further request is sent on it. */
    private boolean ended;

    private int inFlight;
    private boolean working;
    private boolean closing;
    private long lastAnswerNs;
    private long longestGapNs;
    private Instant longestGapEnd = Instant.EPOCH;
    private int longestGapNode;
    private long slowestNs;
    private long thinkMs;
    private long answers;
    private int moves;
    private final List<String> problems = new ArrayList<>();

    /** @param number the client's; several connections of one client have the same */
    HistoryClient(LiveCluster live, ClientHistory history, Set<Integer> leaving, int number, int depth, long seed) {
        this.live = live;
        this.history = history;
        this.leaving = leaving;
        this.number = number;
        this.depth = depth;
        this.random = new Random(seed);
        this.wantedNode = 1;
        this.thread = new Thread(this::drive, "history-client-" + number);
        thread.setDaemon(true);
    }

    /** Attaches to a node and works there. */
    void start(int first) {
        wantedNode = first;
        working = true;
        thread.start();
    }

    synchronized int node() {
        return node;
    }

    synchronized long answers() {
        return answers;
    }

    /** How often it has attached to a node. */
    synchronized int moves() {
        return moves;
    }

    synchronized List<String> problems() {
        return List.copyOf(problems);
    }

    /** Ends the measurement so far and begins anew. */
    synchronized Wait takeWait() {
        long openNs = working && lastAnswerNs != 0 ? System.nanoTime() - lastAnswerNs : 0;
        boolean open = openNs > longestGapNs;
        Wait wait = new Wait(
                Math.max(longestGapNs, openNs) / 1e6,
                slowestNs / 1e6,
                open ? Instant.now() : longestGapEnd,
                open ? node : longestGapNode);
        longestGapNs = 0;
        slowestNs = 0;
        return wait;
    }

    /** Finishes what is under way, says DISC and goes on at another node. Returns at once. */
    synchronized void moveTo(int other) {
        wantedNode = other;
        notifyAll();
    }

    synchronized boolean isAttachedTo(int other) {
        return node == other && connection != null && !ended;
    }

    /** How long it waits after each answer before it sends the next request; 0: not at all, which takes all processors. */
    synchronized void think(long ms) {
        thinkMs = ms;
    }

    /** Returns when nothing is under way any more. */
    synchronized void rest(long timeoutMs) throws InterruptedException {
        working = false;
        long deadlineNs = System.nanoTime() + timeoutMs * 1_000_000;
        while (inFlight > 0) {
            long leftMs = (deadlineNs - System.nanoTime()) / 1_000_000;
            if (leftMs <= 0) {
                throw new AssertionError(inFlight + " requests of client " + number + " at node " + node
                        + " have no answer after " + timeoutMs + " ms");
            }
            wait(leftMs);
        }
    }

    synchronized void goOn() {
        working = true;
        lastAnswerNs = System.nanoTime();
        notifyAll();
    }

    private void drive() {
        try {
            while (!isClosing()) {
                NbdClient connected = connect();
                if (connected == null) {
                    Thread.sleep(RECONNECT_PAUSE_MS);
                } else {
                    try (connected) {
                        work(connected);
                    }
                }
            }
        } catch (InterruptedException e) {
            // Closed.
        }
    }

    private synchronized boolean isClosing() {
        return closing;
    }

    private @Nullable NbdClient connect() {
        int target;
        synchronized (this) {
            for (int tries = 0;
                    leaving.contains(wantedNode)
                            && tries < live.cluster.settings().nodes();
                    tries++) {
                wantedNode = live.cluster.otherThan(wantedNode);
            }
            target = wantedNode;
        }
        try {
            return attached(NbdClient.connect(live.nbd(target), LiveCluster.EXPORT), target);
        } catch (IOException e) {
            if (!leaving.contains(target) && !isClosing()) {
                problem("client " + number + " cannot connect to node " + target + ": " + e.getMessage());
            }
            return null;
        }
    }

    private synchronized NbdClient attached(NbdClient connected, int target) {
        connection = connected;
        node = target;
        ended = false;
        moves++;
        return connected;
    }

    /** Works one connection until it ends or the client is to work elsewhere. */
    private void work(NbdClient connected) throws InterruptedException {
        synchronized (this) {
            while (!(inFlight == 0 && (ended || closing || node != wantedNode))) {
                while (maySend() && inFlight < depth) {
                    submit(connected);
                }
                wait();
            }
            connection = null;
        }
    }

    private boolean maySend() {
        return working && !ended && !closing && node == wantedNode;
    }

    private void submit(NbdClient to) {
        int units = 1 + random.nextInt(UNITS_MAX);
        int first = random.nextInt(history.blocks() - units + 1);
        inFlight++;
        long sentNs = System.nanoTime();
        if (random.nextDouble() < READ_SHARE) {
            ClientHistory.Request read = history.read(number, first, units);
            to.read(read.offsetBytes(), read.bytes(), (error, content) -> {
                if (error == 0) {
                    history.answered(read, content);
                } else {
                    settle(read, error);
                }
                completed(to, sentNs, error);
            });
        } else {
            ClientHistory.Request write = history.write(number, first, units);
            ByteBuffer content = ClientHistory.content(write);
            to.write(write.offsetBytes(), content, random.nextDouble() < FUA_SHARE, (error, none) -> {
                if (error == 0) {
                    history.answered(write);
                } else {
                    settle(write, error);
                }
                completed(to, sentNs, error);
            });
        }
    }

    private void settle(ClientHistory.Request request, int error) {
        if (error == ESHUTDOWN) {
            history.refused(request);
        } else {
            history.lost(request);
        }
    }

    private synchronized void completed(NbdClient from, long sentNs, int error) {
        long nowNs = System.nanoTime();
        inFlight--;
        if (error == 0) {
            answers++;
            long gapNs = nowNs - (lastAnswerNs == 0 ? sentNs : lastAnswerNs);
            if (gapNs > longestGapNs) {
                longestGapNs = gapNs;
                longestGapEnd = Instant.now();
                longestGapNode = node;
            }
            lastAnswerNs = nowNs;
            slowestNs = Math.max(slowestNs, nowNs - sentNs);
        } else {
            ended = true;
            boolean orderly = error == ESHUTDOWN || error == NbdClient.CONNECTION_LOST;
            if (!closing && !(orderly && leaving.contains(node))) {
                problem("client " + number + " at node " + node + ": "
                        + (error == NbdClient.CONNECTION_LOST ? "the connection ended" : "NBD error " + error));
            }
        }
        if (thinkMs == 0) {
            next(from);
        } else {
            THINKING.schedule(() -> next(from), thinkMs, TimeUnit.MILLISECONDS);
        }
    }

    private synchronized void next(NbdClient from) {
        if (maySend() && !from.lost() && connection == from && inFlight < depth) {
            submit(from);
        } else {
            notifyAll();
        }
    }

    private synchronized void problem(String what) {
        if (problems.size() < PROBLEMS_MAX) {
            problems.add(what);
        }
    }

    @Override
    public void close() {
        NbdClient open;
        synchronized (this) {
            closing = true;
            open = connection;
            notifyAll();
        }
        thread.interrupt();
        if (open != null) {
            open.close();
        }
    }
}
