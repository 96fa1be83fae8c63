package io.parablock.replica;

import io.netty.buffer.ByteBuf;
import io.parablock.raft.log.Entry;
import io.parablock.wal.Wal;
import io.parablock.wal.WalRecord;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The WAL written in place, on the group's thread: one contiguous write of everything that waits, at the end of the batch
 * (performance.md). All groups of the node that share the WAL run on the same event loop.
 *
 * <pre>
 *   replica ──append──► Wal ──submit (blocks)──► WalListener ──► replica.onWalDurable
 * </pre>
 */
public final class InlineWalStage implements WalStage {
    private static final ByteBuffer NO_PAYLOAD = ByteBuffer.allocateDirect(0);

    private final Wal wal;
    private boolean waiting;
    private boolean wroteSinceTick;
    private boolean markerDue;

    public InlineWalStage(Wal wal) {
        this.wal = wal;
    }

    @Override
    public void append(int groupId, Entry entry, @Nullable ByteBuf payload, long token) {
        waiting = true;
        entry.walPosition = wal.append(recordOf(groupId, entry), bytesOf(payload), token);
    }

    /** The record of an entry. */
    public static WalRecord recordOf(int groupId, Entry e) {
        return new WalRecord(
                groupId,
                e.slot(),
                e.origin(),
                e.kind().code(),
                e.offsetBytes(),
                e.lengthBytes(),
                e.session(),
                e.seq(),
                e.lowestOutstanding(),
                e.payloadCrc(),
                e.payloadLength(),
                e.dep());
    }

    /** A view of the payload that may be consumed; the buffer's own indices stay. */
    public static ByteBuffer bytesOf(@Nullable ByteBuf payload) {
        return payload == null ? NO_PAYLOAD.duplicate() : payload.nioBuffer();
    }

    @Override
    public void submit() {
        if (waiting) {
            waiting = false;
            wroteSinceTick = true;
            wal.submit();
        }
    }

    @Override
    public void tick() {
        if (wroteSinceTick) {
            wroteSinceTick = false;
            markerDue = true;
        } else if (markerDue && !waiting) {
            markerDue = false;
            wal.submit();
        }
    }

    @Override
    public void truncate(int groupId, long slot) {
        wal.truncate(groupId, slot);
    }

    @Override
    public void force(Runnable done) {
        forceAndWait();
        done.run();
    }

    @Override
    public void forceAndWait() {
        submit();
        wal.force();
    }

    @Override
    public Wal wal() {
        return wal;
    }
}
