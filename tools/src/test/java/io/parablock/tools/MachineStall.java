package io.parablock.tools;

/** How long a thread that wanted to run did not: what a busy machine adds to every figure. */
final class MachineStall implements AutoCloseable {
    private static final long STEP_MS = 5;

    private final Thread thread = new Thread(this::watch, "machine-stall");
    private long longestNs;

    MachineStall() {
        thread.setDaemon(true);
        thread.start();
    }

    private void watch() {
        try {
            while (true) {
                long beforeNs = System.nanoTime();
                Thread.sleep(STEP_MS);
                long lateNs = System.nanoTime() - beforeNs - STEP_MS * 1_000_000;
                synchronized (this) {
                    longestNs = Math.max(longestNs, lateNs);
                }
            }
        } catch (InterruptedException e) {
            // Closed.
        }
    }

    /** The longest since the last call. */
    synchronized double takeMs() {
        double ms = longestNs / 1e6;
        longestNs = 0;
        return ms;
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
