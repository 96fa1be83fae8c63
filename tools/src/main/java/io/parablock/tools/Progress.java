package io.parablock.tools;

import java.io.PrintWriter;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows how far something is: a bar on a terminal, plain lines elsewhere. */
final class Progress {
    private static final int POLL_MS = 100;
    private static final int PLAIN_LINE_EVERY_MS = 5_000;
    private static final int NAME_CHARS = 34;
    private static final long MS_PER_SECOND = 1_000;
    private static final long FOR_EVER_MS = Long.MAX_VALUE / 2_000_000;

    private final PrintWriter out;
    private final boolean terminal;

    Progress(PrintWriter out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /** The launcher knows whether standard output is a terminal; Java only since 22. */
    static Progress to(PrintWriter out) {
        return new Progress(out, Boolean.getBoolean("launcher.terminal"));
    }

    void line(String text) {
        out.println(text);
        out.flush();
    }

    /** Waits for {@code durationMs}. */
    void sleep(String what, long durationMs, Supplier<String> detail) throws InterruptedException {
        await(what, durationMs, () -> false, detail);
    }

    /** Waits until {@code done}, at most {@code timeoutMs}; returns whether it was done. */
    boolean await(String what, long timeoutMs, BooleanSupplier done, Supplier<String> detail)
            throws InterruptedException {
        return await(what, timeoutMs, false, done, detail);
    }

    /** Waits until {@code done}, at most {@code expectedMs}, after which it should be: a bar says when. */
    boolean awaitExpected(String what, long expectedMs, BooleanSupplier done, Supplier<String> detail)
            throws InterruptedException {
        return await(what, expectedMs, true, done, detail);
    }

    private boolean await(String what, long timeoutMs, boolean withEta, BooleanSupplier done, Supplier<String> detail)
            throws InterruptedException {
        if (terminal) {
            try (ProgressBar bar = bar(what, timeoutMs, withEta)) {
                return poll(timeoutMs, done, elapsedMs -> {
                    bar.stepTo(elapsedMs);
                    bar.setExtraMessage(detail.get());
                });
            }
        }
        line("  " + what + " ...");
        long[] nextMs = {PLAIN_LINE_EVERY_MS};
        return poll(timeoutMs, done, elapsedMs -> {
            if (elapsedMs >= nextMs[0]) {
                nextMs[0] += PLAIN_LINE_EVERY_MS;
                line("  " + what + ": " + elapsedMs / 1000 + " s " + detail.get());
            }
        });
    }

    /**
     * The same of something that is counted: on a terminal with its rate and when it will be done.
     *
     * @param wanted how many there will be
     * @param detail for the plain lines; the bar has rate and ETA in its place
     */
    boolean awaitAll(
            String what, String unit, long wanted, LongSupplier count, BooleanSupplier done, Supplier<String> detail)
            throws InterruptedException {
        if (!terminal) {
            return await(what, FOR_EVER_MS, done, detail);
        }
        ProgressBarBuilder builder = new ProgressBarBuilder()
                .setTaskName("  " + what)
                .setInitialMax(Math.max(1, wanted))
                .setUnit(unit, 1)
                .showSpeed()
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(POLL_MS)
                .clearDisplayOnFinish();
        try (ProgressBar bar = builder.build()) {
            return poll(FOR_EVER_MS, done, elapsedMs -> bar.stepTo(count.getAsLong()));
        }
    }

    private interface Show {
        void at(long elapsedMs);
    }

    private static boolean poll(long timeoutMs, BooleanSupplier done, Show show) throws InterruptedException {
        long startNs = System.nanoTime();
        while (true) {
            long elapsedMs = (System.nanoTime() - startNs) / 1_000_000;
            if (done.getAsBoolean()) {
                return true;
            }
            if (elapsedMs >= timeoutMs) {
                return false;
            }
            show.at(Math.min(elapsedMs, timeoutMs));
            Thread.sleep(Math.min(POLL_MS, timeoutMs - elapsedMs));
        }
    }

    private static ProgressBar bar(String what, long max, boolean withEta) {
        String name = what + " ".repeat(Math.max(0, NAME_CHARS - what.length()));
        ProgressBarBuilder bar = new ProgressBarBuilder()
                .setTaskName("  " + name)
                .setInitialMax(max)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(POLL_MS)
                .clearDisplayOnFinish();
        return (withEta ? bar.setUnit(" s", MS_PER_SECOND) : bar.hideEta()).build();
    }
}
