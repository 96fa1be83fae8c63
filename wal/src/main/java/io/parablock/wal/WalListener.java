package io.parablock.wal;

/** Hears, on the writer thread, which appended records have become as durable as the log's {@link Durability} promises. */
@FunctionalInterface
public interface WalListener {
    void onDurable(long token);

    /** A write that nobody waits for in a call has failed. Every later call of the log throws. */
    default void onFailed(WalFailedException failure) {}
}
