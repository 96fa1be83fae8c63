package io.parablock.replica;

import io.netty.buffer.ByteBuf;
import io.parablock.blockdev.store.DamagedBlocksException;
import io.parablock.blockdev.store.DamagedRange;
import io.parablock.raft.RaftNode;
import io.parablock.raft.StorePoint;
import io.parablock.raft.message.Message;
import io.parablock.raft.message.Message.BlockOutcome;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tells peers what this node's block store holds (docs/protocol.md, "Repair of blocks"). Reads off the group's thread; what
 * the store is at is asked before and after. All calls on the group's thread.
 */
final class BlockSource {
    /** Reads under way for peers; more are put off. */
    static final int READS_MAX = 4;

    private final int groupId;
    private final ReplicaPorts ports;
    private final RaftNode core;
    private final Consumer<List<DamagedRange>> onDamaged;
    private int underWay;
    private boolean closed;
    private long servedBytes;

    /** @param onDamaged told when a peer's question comes upon damage here */
    BlockSource(int groupId, ReplicaPorts ports, RaftNode core, Consumer<List<DamagedRange>> onDamaged) {
        this.groupId = groupId;
        this.ports = ports;
        this.core = core;
        this.onDamaged = onDamaged;
    }

    void onFetch(int from, Message.BlockFetch m) {
        StorePoint before = core.storePoint();
        boolean inside = m.offsetBytes() <= ports.store().sizeBytes() - m.lengthBytes()
                && (m.offsetBytes() | m.lengthBytes()) % DamagedRanges.SECTOR_BYTES == 0;
        if (before == null || !inside || underWay >= READS_MAX) {
            refuse(from, m, BlockOutcome.NOT_NOW);
            return;
        }
        underWay++;
        try {
            ports.background().execute(() -> read(from, m, before));
        } catch (RejectedExecutionException stopping) {
            underWay--;
        }
    }

    private void refuse(int to, Message.BlockFetch m, BlockOutcome why) {
        StorePoint now = core.storePoint();
        ports.peers()
                .send(
                        groupId,
                        to,
                        new Message.BlockReply(
                                now == null ? 0 : now.syncTerm(),
                                m.id(),
                                m.offsetBytes(),
                                m.lengthBytes(),
                                why,
                                0,
                                0,
                                0,
                                null));
    }

    private void read(int from, Message.BlockFetch m, StorePoint before) {
        ByteBuf content = null;
        Throwable failed = null;
        boolean hole = false;
        int crc = 0;
        try {
            content = ports.allocator().directBuffer(m.lengthBytes(), m.lengthBytes());
            ports.store().read(m.offsetBytes(), content.nioBuffer(0, m.lengthBytes()));
            content.writerIndex(m.lengthBytes());
            hole = InstallFlow.isZero(content);
            crc = hole ? 0 : LogReader.crc(content);
        } catch (Throwable e) {
            // Also an allocation that failed: the place among those under way must be given back.
            failed = e;
        }
        Found found = new Found(content, hole, crc, failed);
        try {
            ports.loop().execute(() -> answer(from, m, before, found));
        } catch (RejectedExecutionException stopping) {
            InstallFlow.release(content);
        }
    }

    /** @param crc of the content, 0 for a hole */
    private record Found(
            @Nullable ByteBuf content,
            boolean hole,
            int crc,
            @Nullable Throwable failure) {}

    private void answer(int to, Message.BlockFetch m, StorePoint before, Found found) {
        underWay--;
        Throwable failure = found.failure;
        try {
            StorePoint after = core.storePoint();
            if (closed) {
                return;
            }
            if (failure instanceof DamagedBlocksException damaged) {
                onDamaged.accept(damaged.ranges());
                refuse(to, m, BlockOutcome.DAMAGED);
            } else if (failure != null || after == null || after.syncTerm() != before.syncTerm()) {
                refuse(to, m, BlockOutcome.NOT_NOW);
            } else {
                servedBytes += m.lengthBytes();
                ports.peers()
                        .send(
                                groupId,
                                to,
                                new Message.BlockReply(
                                        after.syncTerm(),
                                        m.id(),
                                        m.offsetBytes(),
                                        m.lengthBytes(),
                                        BlockOutcome.CONTENT,
                                        before.applied(),
                                        after.reach(),
                                        found.crc,
                                        found.hole ? null : found.content));
            }
        } finally {
            InstallFlow.release(found.content);
        }
    }

    /** Handed out to peers. */
    long servedBytes() {
        return servedBytes;
    }

    void close() {
        closed = true;
    }
}
