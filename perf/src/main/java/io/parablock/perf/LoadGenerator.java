package io.parablock.perf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * A closed loop: keeps a fixed number of requests in flight and checks every block it reads.
 *
 * <p>At most one request per block is in flight, so a read has one right answer: the last answered write of that
 * block, or, where a connection ended with a write unanswered, that write or the one before.
 */
public final class LoadGenerator implements AutoCloseable {
    private static final int PROBLEMS_MAX = 10;
    private static final long RECONNECT_PAUSE_MS = 20;

    private final LoadSettings settings;
    private final BlockStampDescriptor stamp;
    private final Thread thread;

    // Guarded by this.
    /** Invariant: {@code answered[b] <= attempted[b]}; they differ while a write is in flight or its outcome is unknown. */
    private final int[] answered;

    private final int[] attempted;
    private final boolean[] busy;
    private final ByteBuffer scratch;
    private final SplittableRandom random;
    private final Histogram latencyNs = new Histogram(3);
    private final List<String> problems = new ArrayList<>();
    private long reads;
    private long writes;
    private long errors;
    private long verifyErrors;
    private long reconnects;
    private long longestGapNs;
    private long lastCompletionNs;
    private long startNs;
    private long endNs;
    private int inFlight;
    private boolean stopping;
    private boolean connectionEnded;
    private boolean finished;
    private @Nullable NbdClient client;

    private volatile long completions;

    public LoadGenerator(LoadSettings settings) {
        this.settings = settings;
        this.stamp = new BlockStampDescriptor(settings.seed());
        this.answered = new int[settings.blocks()];
        this.attempted = new int[settings.blocks()];
        this.busy = new boolean[settings.blocks()];
        this.scratch = ByteBuffer.allocate(settings.blockBytes());
        this.random = new SplittableRandom(settings.seed());
        this.thread = new Thread(this::drive, "load");
        thread.setDaemon(true);
    }

    /** Runs a load for a while and stops it. */
    public static LoadResult runFor(LoadSettings settings, long durationMs, long drainMs) throws InterruptedException {
        try (LoadGenerator load = new LoadGenerator(settings)) {
            load.start();
            Thread.sleep(durationMs);
            return load.stop(drainMs);
        }
    }

    public void start() {
        thread.start();
    }

    /** Requests completed so far; for progress. */
    public long completions() {
        return completions;
    }

    /** The first few errors so far, in words. */
    public synchronized List<String> problems() {
        return List.copyOf(problems);
    }

    /** The longest gap so far, in milliseconds, the present one included. */
    public synchronized double longestGapMs() {
        return Math.max(longestGapNs, openGapNs()) / 1e6;
    }

    /** Ends the longest gap measured so far and begins anew, so that one round's gap is not another's. */
    public synchronized double takeLongestGapMs() {
        double gap = Math.max(longestGapNs, openGapNs()) / 1e6;
        longestGapNs = 0;
        return gap;
    }

    private long openGapNs() {
        return finished || lastCompletionNs == 0 ? 0 : System.nanoTime() - lastCompletionNs;
    }

    /** Lets the requests in flight finish for at most {@code drainMs}, then ends the connection. */
    public LoadResult stop(long drainMs) throws InterruptedException {
        synchronized (this) {
            stopping = true;
            notifyAll();
        }
        thread.join(Math.max(1, drainMs));
        long unanswered;
        NbdClient open;
        synchronized (this) {
            unanswered = inFlight;
            open = client;
        }
        if (open != null) {
            open.close();
        }
        thread.interrupt();
        thread.join();
        synchronized (this) {
            if (unanswered > 0) {
                problem(unanswered + " requests without a reply " + drainMs + " ms after the load stopped");
            }
            return new LoadResult(
                    latencyNs.copy(),
                    reads,
                    writes,
                    errors,
                    verifyErrors,
                    unanswered,
                    reconnects,
                    longestGapNs,
                    endNs - startNs,
                    problems);
        }
    }

    /** Reads every block of the range over {@code reader} and counts those that are not as they must be. */
    public synchronized List<String> verifyAll(NbdClient reader, long timeoutMs) throws IOException {
        List<String> wrong = new ArrayList<>();
        for (int block = 0; block < settings.blocks(); block++) {
            if (attempted[block] == 0) {
                continue;
            }
            byte[] content = reader.readNow(positionBytes(block), settings.blockBytes(), timeoutMs);
            String why = check(block, ByteBuffer.wrap(content));
            if (why != null) {
                wrong.add(why);
            }
        }
        return wrong;
    }

    /** How many blocks have at least one answered write. */
    public synchronized int blocksAnswered() {
        int count = 0;
        for (int generation : answered) {
            count += generation > 0 ? 1 : 0;
        }
        return count;
    }

    @Override
    public void close() {
        synchronized (this) {
            stopping = true;
            notifyAll();
        }
        thread.interrupt();
        NbdClient open;
        synchronized (this) {
            open = client;
        }
        if (open != null) {
            open.close();
        }
    }

    private void drive() {
        synchronized (this) {
            startNs = System.nanoTime();
            lastCompletionNs = startNs;
        }
        int next = 0;
        try {
            while (true) {
                NbdClient connected = connect(next++ % settings.addresses().size());
                boolean more = connected == null ? pauseBeforeReconnect() : driveConnection(connected);
                if (!more) {
                    break;
                }
            }
        } catch (InterruptedException e) {
            // stop() gave up waiting.
        } finally {
            synchronized (this) {
                endNs = System.nanoTime();
                finished = true;
                client = null;
            }
        }
    }

    private @Nullable NbdClient connect(int place) {
        try {
            return NbdClient.connect(settings.addresses().get(place), settings.export());
        } catch (IOException e) {
            if (!settings.reconnect()) {
                synchronized (this) {
                    errors++;
                    problem("cannot connect to " + settings.addresses().get(place) + ": " + e.getMessage());
                }
            }
            return null;
        }
    }

    private boolean pauseBeforeReconnect() throws InterruptedException {
        if (!settings.reconnect()) {
            return false;
        }
        Thread.sleep(RECONNECT_PAUSE_MS);
        synchronized (this) {
            return !stopping;
        }
    }

    /** Works one connection until it ends or the load stops; true if another connection is wanted. */
    private boolean driveConnection(NbdClient connected) throws InterruptedException {
        try (connected) {
            synchronized (this) {
                client = connected;
                connectionEnded = false;
                for (int i = 0; i < settings.depth() && !stopping; i++) {
                    submitNext(connected);
                }
                while (!connectionEnded && !(stopping && inFlight == 0)) {
                    wait();
                }
                client = null;
                if (!connectionEnded || stopping || !settings.reconnect()) {
                    return false;
                }
                reconnects++;
            }
        }
        return true;
    }

    private void submitNext(NbdClient to) {
        int block = pickIdle();
        busy[block] = true;
        inFlight++;
        long sentNs = System.nanoTime();
        if (settings.readShare() > 0 && random.nextDouble() < settings.readShare()) {
            to.read(positionBytes(block), settings.blockBytes(), (error, content) -> {
                synchronized (this) {
                    if (error == 0) {
                        reads++;
                        String why = check(block, content);
                        if (why != null) {
                            verifyErrors++;
                            problem(why);
                        }
                    }
                    completed(to, block, sentNs, error);
                }
            });
        } else {
            int generation = ++attempted[block];
            stamp.write(scratch.clear(), settings.firstBlock() + block, generation);
            to.write(positionBytes(block), scratch, settings.fua(), (error, content) -> {
                synchronized (this) {
                    if (error == 0) {
                        writes++;
                        answered[block] = generation;
                    }
                    completed(to, block, sentNs, error);
                }
            });
        }
    }

    private void completed(NbdClient from, int block, long sentNs, int error) {
        long nowNs = System.nanoTime();
        busy[block] = false;
        inFlight--;
        if (error == NbdClient.CONNECTION_LOST) {
            connectionEnded = true;
            if (!settings.reconnect() && !finished) {
                errors++;
                problem("the connection ended with a request in flight");
            }
            notifyAll();
            return;
        }
        longestGapNs = Math.max(longestGapNs, nowNs - lastCompletionNs);
        lastCompletionNs = nowNs;
        if (error != 0) {
            errors++;
            problem("NBD error " + error + " at block " + (settings.firstBlock() + block));
        }
        if (nowNs - startNs >= settings.warmUpNs()) {
            latencyNs.recordValue(nowNs - sentNs);
        }
        completions = reads + writes;
        if (!stopping && !connectionEnded) {
            submitNext(from);
        } else if (inFlight == 0) {
            notifyAll();
        }
    }

    private @Nullable String check(int block, ByteBuffer content) {
        long found = stamp.generation(content, settings.firstBlock() + block);
        // A range may hold an earlier run's blocks; only what this run wrote can be judged.
        if (found == BlockStampDescriptor.DAMAGED && answered[block] == 0) {
            return null;
        }
        if (found >= answered[block] && found <= attempted[block]) {
            // What a read has seen can never be unseen.
            answered[block] = (int) found;
            return null;
        }
        return "block " + (settings.firstBlock() + block) + ": expected generation " + answered[block]
                + (attempted[block] == answered[block] ? "" : " to " + attempted[block]) + ", found "
                + (found == BlockStampDescriptor.DAMAGED ? "damage" : Long.toString(found));
    }

    private int pickIdle() {
        int block = random.nextInt(settings.blocks());
        while (busy[block]) {
            block = block + 1 == settings.blocks() ? 0 : block + 1;
        }
        return block;
    }

    private long positionBytes(int block) {
        return (settings.firstBlock() + block) * settings.blockBytes();
    }

    private void problem(String what) {
        if (problems.size() < PROBLEMS_MAX) {
            problems.add(what);
        }
    }
}
