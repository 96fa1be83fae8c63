package io.parablock.lookbehind;

/** Receives slots one by one. Callers on a hot path keep one instance, because a capturing lambda allocates. */
@FunctionalInterface
public interface SlotConsumer {
    void accept(long slot);
}
