package io.parablock.pipeline;

/** What a {@link GroupLoop} calls on the group's thread besides the inputs themselves. */
public interface GroupInputs {
    /**
     * To be called every few milliseconds while something is under way.
     *
     * @return nothing is: the next tick may come as late as {@link PipelineConfig#QUIET_TICK_INTERVAL_MS}
     */
    boolean tick();

    /** Once after each batch of inputs: WAL submit and flush of the sends. */
    void endOfBatch();

    /** An input threw: the group must stop. */
    void onError(Throwable cause);
}
