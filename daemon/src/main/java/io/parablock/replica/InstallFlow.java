package io.parablock.replica;

import io.netty.buffer.ByteBuf;
import io.parablock.raft.Output;
import io.parablock.raft.RaftNode;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.message.Message;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The block store's part in an install (protocol.md §7): the leader's pieces are read off the group's thread, the follower's
 * are written by the apply stage, which is the store's only writer.
 */
final class InstallFlow {
    /** No log entry has this slot: it marks a piece on its way through the apply stage. */
    private static final long PIECE_SLOT = 0;

    private final int groupId;
    private final ReplicaPorts ports;
    private final RaftNode core;
    private boolean closed;
    private long readFailures;

    InstallFlow(int groupId, ReplicaPorts ports, RaftNode core) {
        this.groupId = groupId;
        this.ports = ports;
        this.core = core;
    }

    // ---------------------------------------------------------------- leader

    void read(Output.InstallRead r) {
        try {
            ports.background().execute(() -> readPiece(r));
        } catch (RejectedExecutionException stopping) {
            readFailures++;
        }
    }

    private void readPiece(Output.InstallRead r) {
        ByteBuf piece = ports.allocator().directBuffer(r.lengthBytes(), r.lengthBytes());
        boolean good = false;
        try {
            ports.store().read(r.offsetBytes(), piece.nioBuffer(0, r.lengthBytes()));
            piece.writerIndex(r.lengthBytes());
            good = true;
        } catch (RuntimeException unreadable) {
            // The piece is asked for again; a store that stays unreadable lets the install run into its silence limit.
        }
        boolean read = good;
        boolean hole = good && isZero(piece);
        int crc = hole || !good ? 0 : LogReader.crc(piece);
        try {
            ports.loop().execute(() -> send(r, piece, read, hole, crc));
        } catch (RejectedExecutionException stopping) {
            piece.release();
        }
    }

    private void send(Output.InstallRead r, ByteBuf piece, boolean read, boolean hole, int crc) {
        try {
            if (!read) {
                readFailures++;
            } else if (!closed) {
                ports.peers()
                        .send(
                                groupId,
                                r.to(),
                                new Message.InstallExtent(
                                        r.term(),
                                        r.installId(),
                                        r.offsetBytes(),
                                        r.lengthBytes(),
                                        crc,
                                        hole ? null : piece));
                if (hole) {
                    core.onInstallHole(r.lengthBytes());
                }
            }
        } finally {
            piece.release();
        }
    }

    static boolean isZero(ByteBuf piece) {
        int words = piece.readableBytes() & ~7;
        for (int i = 0; i < words; i += 8) {
            if (piece.getLongLE(i) != 0) {
                return false;
            }
        }
        return true;
    }

    long readFailures() {
        return readFailures;
    }

    // ---------------------------------------------------------------- follower

    /** The payload's reference passes to the apply stage. */
    void write(Message.InstallExtent m) {
        ByteBuf payload = (ByteBuf) m.payload();
        Entry piece = new Entry(
                PIECE_SLOT,
                m.installId(),
                payload == null ? EntryKind.ZERO : EntryKind.WRITE,
                m.offsetBytes(),
                m.lengthBytes(),
                0,
                0,
                0,
                m.crc(),
                payload == null ? 0 : m.lengthBytes(),
                new long[0]);
        ports.apply().apply(piece, payload);
    }

    static boolean isPiece(Entry e) {
        return e.slot() == PIECE_SLOT;
    }

    /** Releases a piece that the core did not take. */
    static void releaseUnused(Message m, List<Message.InstallExtent> taken) {
        if (m instanceof Message.InstallExtent x && !taken.contains(x)) {
            release(x.payload());
        }
    }

    static void release(@Nullable Object payload) {
        if (payload instanceof ByteBuf buf) {
            buf.release();
        }
    }

    void close() {
        closed = true;
    }
}
