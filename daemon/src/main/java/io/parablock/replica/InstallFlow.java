package io.parablock.replica;

import io.netty.buffer.ByteBuf;
import io.parablock.blockdev.store.DamagedBlocksException;
import io.parablock.blockdev.store.DamagedRange;
import io.parablock.raft.Output;
import io.parablock.raft.RaftNode;
import io.parablock.raft.RaftStatus;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.message.Message;
import java.util.BitSet;
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

    private static final int SECTOR_BYTES = 512;

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
        boolean read = true;
        List<DamagedRange> damaged = List.of();
        try {
            ports.store().read(r.offsetBytes(), piece.nioBuffer(0, r.lengthBytes()));
        } catch (DamagedBlocksException some) {
            damaged = some.ranges();
            blank(piece, r.offsetBytes(), damaged);
        } catch (RuntimeException unreadable) {
            // The piece is asked for again; a store that stays unreadable lets the install run into its silence limit.
            read = false;
        }
        piece.writerIndex(r.lengthBytes());
        boolean hole = read && isZero(piece);
        PieceRead result = new PieceRead(r, piece, read, damaged, hole, hole || !read ? 0 : LogReader.crc(piece));
        try {
            ports.loop().execute(() -> send(result));
        } catch (RejectedExecutionException stopping) {
            piece.release();
        }
    }

    /**
     * @param damaged ranges of the chunk that are zeros in {@code piece} because the store's own blocks are bad
     * @param hole all of {@code piece} is zeros
     * @param crc of {@code piece}, 0 for a hole
     */
    private record PieceRead(
            Output.InstallRead asked, ByteBuf piece, boolean read, List<DamagedRange> damaged, boolean hole, int crc) {}

    private static void blank(ByteBuf piece, long offsetBytes, List<DamagedRange> damaged) {
        for (DamagedRange d : damaged) {
            piece.setZero((int) (d.offsetBytes() - offsetBytes), (int) d.lengthBytes());
        }
    }

    /**
     * A crash may have come between blocks and their checksums; replay writes them again. Until then a piece may hold
     * anything for sectors that a committed entry above the applied prefix overwrites: the follower applies that entry too,
     * and nobody reads there before. An entry that is not committed vouches for nothing: it may yet become a no-op.
     */
    private boolean isOverwritten(DamagedRange damaged) {
        BitSet left = new BitSet();
        left.set(0, (int) (damaged.lengthBytes() / SECTOR_BYTES));
        RaftStatus status = core.status();
        for (long slot = status.appliedPrefix() + 1; slot <= status.lastSlot() && !left.isEmpty(); slot++) {
            Entry e = core.entry(slot);
            if (e != null && hasExtent(e) && (slot <= status.commitWatermark() || core.isCommitted(slot))) {
                long from = Math.max(e.offsetBytes(), damaged.offsetBytes());
                long to = Math.min(e.offsetBytes() + e.lengthBytes(), damaged.endBytes());
                if (from < to) {
                    left.clear((int) ((from - damaged.offsetBytes()) / SECTOR_BYTES), (int)
                            ((to - damaged.offsetBytes()) / SECTOR_BYTES));
                }
            }
        }
        return left.isEmpty();
    }

    private static boolean hasExtent(Entry e) {
        return switch (e.kind()) {
            case WRITE, ZERO, TRIM -> true;
            case NOOP, CONFIG, SESSION -> false;
        };
    }

    private void send(PieceRead result) {
        Output.InstallRead r = result.asked;
        ByteBuf piece = result.piece;
        boolean hole = result.hole;
        try {
            if (!result.read || !result.damaged.stream().allMatch(this::isOverwritten)) {
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
                                        result.crc,
                                        hole ? null : piece));
                if (hole) {
                    core.onInstallHole(r.lengthBytes());
                }
            }
        } finally {
            piece.release();
        }
    }

    private static boolean isZero(ByteBuf piece) {
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
