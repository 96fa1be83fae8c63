package io.parablock.perf.jmh;

/** In what company entries pass the core. */
public enum CoreShape {
    /** Each alone: one entry between two calls of endOfBatch, one in each frame, one in each acknowledgement. */
    SINGLE(1, false, false),
    /** As many come together as a busy loop finds each time. */
    BATCHED(32, false, false),
    /**
     * As BATCHED, but they become durable in another order, and in parallel mode each acknowledgement tells of every other slot
     * of two batches, so that half of all slots is committed above the watermark.
     */
    SCATTERED(32, true, false),
    /** As BATCHED, all writes to a few blocks. */
    OVERLAPPING(32, false, true);

    final int batch;
    final boolean scattered;
    final boolean overlapping;

    CoreShape(int batch, boolean scattered, boolean overlapping) {
        this.batch = batch;
        this.scattered = scattered;
        this.overlapping = overlapping;
    }

    ExtentCycle extents() {
        return overlapping ? ExtentCycle.overlapping() : ExtentCycle.apart();
    }

    /** In which order the entries of a batch become durable. */
    int[] durableOrder() {
        int[] order = new int[batch];
        for (int i = 0; i < batch; i++) {
            order[i] = scattered ? Integer.reverse(i) >>> (Integer.numberOfLeadingZeros(batch) + 1) : i;
        }
        return order;
    }
}
