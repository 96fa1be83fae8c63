package io.parablock.pipeline;

/**
 * The single writer of one group: inputs of any thread run one after the other on the group's thread, and after each batch
 * of them {@link GroupInputs#endOfBatch} runs once.
 */
public interface GroupLoop extends AutoCloseable {
    /**
     * From any thread. A full ring makes other threads wait; the group's own thread never waits for itself.
     *
     * @throws java.util.concurrent.RejectedExecutionException after {@link #close}, or when the group's own thread leaves
     *     more inputs behind than the ingress takes
     */
    void execute(Runnable input);

    /** From any thread, without waiting: false if the ring is full (a batch is coming then) or the group is closed. */
    boolean offer(Runnable input);

    boolean inLoop();

    /** Starts to take inputs and ticks. */
    void start();

    /** No input runs after it returns, except when called on the group's own thread: then none after the current batch. */
    @Override
    void close();
}
