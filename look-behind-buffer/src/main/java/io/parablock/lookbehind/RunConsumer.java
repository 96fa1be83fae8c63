package io.parablock.lookbehind;

/** Receives runs of neighbouring slots, both ends inclusive. */
@FunctionalInterface
public interface RunConsumer {
    void accept(long firstSlot, long lastSlot);
}
