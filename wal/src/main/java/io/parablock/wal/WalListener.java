package io.parablock.wal;

/** Told on the writer's thread when an append is durable. */
@FunctionalInterface
public interface WalListener {
    void onDurable(long token);
}
