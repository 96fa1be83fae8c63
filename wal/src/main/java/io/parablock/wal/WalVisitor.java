package io.parablock.wal;

import java.nio.ByteBuffer;

/** Receives the records of a read or of a recovery scan. */
public interface WalVisitor {
    /** The payload is valid only inside this call. */
    void onRecord(long position, WalRecord record, ByteBuffer payload);

    /** A record that was there and cannot be given back; the position is where it was or, for a gap, where it begins. */
    default void onDamaged(long position, DamagedRecord what) {
        throw new WalCorruptException("damaged record at position " + position + ": " + what);
    }
}
