package io.parablock.replica;

import io.netty.buffer.ByteBuf;
import io.parablock.blockdev.store.DamagedBlocksException;
import io.parablock.blockdev.store.DamagedRange;
import io.parablock.raft.Output;
import io.parablock.raft.RaftNode;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.message.Message;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The block store's part in an install (protocol.md §7): the leader's pieces are read off the group's thread, the follower's
 * are written by the apply stage, which is the store's only writer.
 */
final class InstallFlow {
    /** No log entry has this slot: it marks a piece on its way through the apply stage. */
    private static final long PIECE_SLOT = 0;

    /** Pieces of an earlier install may still be on their way at the same offset. */
    private record Place(long installId, long offsetBytes) {}

    private final int groupId;
    private final ReplicaPorts ports;
    private final RaftNode core;
    private final BlockRepair repair;
    /** Damage in pieces that are on their way through the apply stage. */
    private final Map<Place, List<DamagedRange>> damagedPieces = new HashMap<>();

    private boolean closed;
    private long readFailures;

    InstallFlow(int groupId, ReplicaPorts ports, RaftNode core, BlockRepair repair) {
        this.groupId = groupId;
        this.ports = ports;
        this.core = core;
        this.repair = repair;
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
        ByteBuf piece = null;
        boolean read = false;
        boolean hole = false;
        int crc = 0;
        List<DamagedRange> damaged = List.of();
        try {
            piece = ports.allocator().directBuffer(r.lengthBytes(), r.lengthBytes());
            try {
                ports.store().read(r.offsetBytes(), piece.nioBuffer(0, r.lengthBytes()));
            } catch (DamagedBlocksException some) {
                damaged = some.ranges();
                blank(piece, r.offsetBytes(), damaged);
            }
            piece.writerIndex(r.lengthBytes());
            hole = isZero(piece);
            crc = hole ? 0 : LogReader.crc(piece);
            read = true;
        } catch (Throwable unreadable) {
            // The piece is asked for again; a store that stays unreadable lets the install run into its silence limit.
        }
        PieceRead result = new PieceRead(r, piece, read, damaged, hole, crc);
        try {
            ports.loop().execute(() -> send(result));
        } catch (RejectedExecutionException stopping) {
            release(piece);
        }
    }

    /**
     * @param damaged what is zeros in {@code piece} because the own store cannot read it
     * @param hole all of {@code piece} is zeros
     * @param crc of {@code piece}, 0 for a hole
     */
    private record PieceRead(
            Output.InstallRead asked,
            @Nullable ByteBuf piece,
            boolean read,
            List<DamagedRange> damaged,
            boolean hole,
            int crc) {}

    private static void blank(ByteBuf piece, long offsetBytes, List<DamagedRange> damaged) {
        for (DamagedRange d : damaged) {
            piece.setZero((int) (d.offsetBytes() - offsetBytes), (int) d.lengthBytes());
        }
    }

    /**
     * What this store cannot read is damaged at the receiver, too, until it is written there or mended with a third one's
     * copy. An install does not wait for its source's repair: that may need the very node that is installed, and so may the
     * commits after which a restarted source writes again what a crash has torn.
     */
    private void send(PieceRead result) {
        Output.InstallRead r = result.asked;
        ByteBuf piece = result.piece;
        boolean hole = result.hole;
        try {
            if (!result.read) {
                readFailures++;
            } else if (!closed) {
                if (!result.damaged.isEmpty()) {
                    repair.onDamaged(result.damaged);
                }
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
                                        hole ? null : piece,
                                        result.damaged.stream()
                                                .map(d -> new Message.ByteRange(d.offsetBytes(), d.lengthBytes()))
                                                .toList()));
                if (hole) {
                    core.onInstallHole(r.lengthBytes());
                }
            }
        } finally {
            release(piece);
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
        if (!m.damaged().isEmpty()) {
            damagedPieces.put(
                    new Place(m.installId(), m.offsetBytes()),
                    m.damaged().stream()
                            .map(r -> new DamagedRange(r.offsetBytes(), r.lengthBytes()))
                            .toList());
        }
        ports.apply().apply(piece, payload);
    }

    /** The store has this piece. Nothing else is written until the install has ended. */
    void onWritten(Entry piece) {
        repair.onWritten(piece.offsetBytes(), piece.lengthBytes());
        List<DamagedRange> damaged = damagedPieces.remove(new Place(piece.origin(), piece.offsetBytes()));
        if (damaged != null) {
            damaged.forEach(r -> ports.store().markDamaged(r.offsetBytes(), r.lengthBytes()));
            repair.onDamaged(damaged);
        }
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
