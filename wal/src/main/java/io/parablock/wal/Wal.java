package io.parablock.wal;

import java.nio.ByteBuffer;

/**
 * The write-ahead log of one node, shared by all its groups. One writer thread appends; any thread may read. Every
 * method throws {@link WalFailedException} once a write or a force has failed: a failed log is never retried.
 */
public interface Wal extends AutoCloseable {
    /**
     * Queues one record. The payload's remaining bytes are taken before {@link WalListener#onDurable} is called for it;
     * its position and limit are left alone.
     *
     * @return the record's position: opaque, never negative, increasing
     * @throws WalFullException when the disk has no room; nothing was appended, and a later call may succeed
     */
    long append(WalRecord record, ByteBuffer payload, long token);

    /**
     * Sends everything appended since the last call as one batch (group commit). The listener hears the tokens on this
     * thread, possibly before this returns. Called with nothing queued (an idle tick), it records how far the log is
     * known to be durable, if that is not recorded yet.
     */
    void submit();

    /** Forces everything appended so far to stable storage, in either durability, before it returns. */
    void force();

    /**
     * Reads one record back and checks its header and its payload. Safe beside the writer. The payload is valid only
     * inside the visitor's call.
     *
     * @throws WalCorruptException if the record is damaged or truncated away
     */
    void read(long position, WalVisitor visitor);

    /**
     * What this thread reads next comes from the file, even if an earlier read of this thread had it in a buffer: a scrub would
     * see in that nothing of what became of the file since. Before each batch of reads in the order of position.
     */
    default void forgetReadAhead() {}

    /** Visits what earlier runs left, in order of position. To be called once, after open and before append. */
    void scan(WalVisitor visitor);

    /**
     * Records of this group with a slot up to this one are no longer needed. Whole segments of such records go; the
     * current segment stays. A record that is not needed may still be visited by a later scan.
     */
    void truncate(int groupId, long slot);

    /** Bytes on disk in live segments. */
    long sizeBytes();

    /** The name of the engine, for people. */
    String engine();

    @Override
    void close();
}
