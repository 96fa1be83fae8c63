package io.parablock.replica;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.parablock.blockdev.store.AllocationRun;
import io.parablock.blockdev.store.BlockStore;
import io.parablock.replica.client.ClientMessage;
import io.parablock.replica.client.ClientMessage.Status;
import java.util.ArrayList;
import java.util.List;

/** What the leader's block store says to the gateways' asks, once a read is allowed (protocol.md §8). */
final class StoreAnswers {
    /** Largest read in one reply; a gateway splits what is larger. */
    private static final int READ_BYTES_MAX = 32 << 20;

    private final int nodeId;
    private final BlockStore store;
    private final ByteBufAllocator allocator;

    StoreAnswers(int nodeId, BlockStore store, ByteBufAllocator allocator) {
        this.nodeId = nodeId;
        this.store = store;
        this.allocator = allocator;
    }

    boolean isValid(ClientMessage.ExtentAsk ask) {
        long length = ask.extentBytes();
        return ask.offsetBytes() >= 0
                && length > 0
                && (!(ask instanceof ClientMessage.Read) || length <= READ_BYTES_MAX)
                && length <= store.sizeBytes()
                && ask.offsetBytes() <= store.sizeBytes() - length;
    }

    /** @throws RuntimeException if the store cannot read */
    ClientMessage.AskReply answer(ClientMessage.ExtentAsk ask) {
        if (ask instanceof ClientMessage.Read r) {
            return read(r);
        }
        if (ask instanceof ClientMessage.Allocation a) {
            List<AllocationRun> runs = new ArrayList<>();
            store.allocation(a.offsetBytes(), a.lengthBytes(), ClientMessage.AllocationReply.RUNS_MAX, runs);
            return new ClientMessage.AllocationReply(a.requestId(), Status.OK, nodeId, runs);
        }
        store.prefetch(ask.offsetBytes(), ask.extentBytes());
        return new ClientMessage.PrefetchReply(ask.requestId(), Status.OK, nodeId);
    }

    private ClientMessage.ReadReply read(ClientMessage.Read r) {
        ByteBuf out = allocator.directBuffer(r.lengthBytes(), r.lengthBytes());
        boolean whole = false;
        try {
            store.read(r.offsetBytes(), out.nioBuffer(0, r.lengthBytes()));
            out.writerIndex(r.lengthBytes());
            whole = true;
        } finally {
            if (!whole) {
                out.release();
            }
        }
        return new ClientMessage.ReadReply(r.requestId(), Status.OK, nodeId, out);
    }

    /** The answer without a result: to a flush, whatever came of it, and to an ask that failed. */
    static ClientMessage.AskReply withoutResult(ClientMessage.Ask ask, Status status, int hint) {
        if (ask instanceof ClientMessage.Read) {
            return new ClientMessage.ReadReply(ask.requestId(), status, hint, null);
        } else if (ask instanceof ClientMessage.Allocation) {
            return new ClientMessage.AllocationReply(ask.requestId(), status, hint, List.of());
        } else if (ask instanceof ClientMessage.Prefetch) {
            return new ClientMessage.PrefetchReply(ask.requestId(), status, hint);
        }
        return new ClientMessage.FlushReply(ask.requestId(), status, hint);
    }
}
