package io.parablock.wal;

import java.nio.ByteBuffer;

/** Receives records; the payload's buffer is valid only in the call. */
@FunctionalInterface
public interface WalVisitor {
    void onRecord(long position, WalRecord record, ByteBuffer payload);

    default void onDamaged(long position, DamagedRecord what) {}
}
