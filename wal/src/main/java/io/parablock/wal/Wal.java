package io.parablock.wal;

import java.nio.ByteBuffer;

/**
 * The write-ahead log of a node, shared by its groups. One writer thread calls everything but {@link #read}, which any
 * thread may call beside it. A failed write or force is final: every later call throws (fail-stop, never retried).
 */
public interface Wal extends AutoCloseable {
    /**
     * Queues one record; the payload's remaining bytes are consumed before this returns.
     *
     * @param token given to {@link WalListener#onDurable}
     * @return the record's position, for {@link #read}
     * @throws WalFullException if there is no room for it; nothing was written
     * @throws WalException on a write error
     */
    long append(WalRecord record, ByteBuffer payload, long token);

    /** Everything appended since the last call goes out as one batch; the listener hears of it on this thread. */
    void submit();

    /** Forces everything appended so far to stable storage, in any durability. */
    void force();

    /** @throws WalCorruptException if the record is damaged or truncated away */
    void read(long position, WalVisitor visitor);

    /**
     * Recovery: every record in order of position, each on stable storage by now even if its writer was killed before it
     * forced it. Once, after open, before any append.
     */
    void scan(WalVisitor visitor);

    /** Records of the group with slots up to {@code slot} are no longer needed; whole segments without any other go. */
    void truncate(int groupId, long slot);

    /** Bytes on disk. */
    long sizeBytes();

    /** The engine's name, for status. */
    String engine();

    @Override
    void close();
}
