package io.parablock.pipeline;

/** What a {@link GroupLoop} calls on the group's thread besides the inputs themselves. */
public interface GroupInputs {
    void tick();

    /** Once after each batch of inputs: WAL submit and flush of the sends. */
    void endOfBatch();

    /** An input threw: the group must stop. */
    void onError(Throwable cause);
}
