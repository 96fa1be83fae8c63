package io.parablock.gateway;

import io.netty.buffer.ByteBuf;
import io.parablock.blockdev.nbd.Nbd;
import io.parablock.blockdev.nbd.NbdSession;
import io.parablock.blockdev.store.AllocationRun;
import io.parablock.replica.client.ClientMessage.AllocationReply;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What takes space in an extent of a volume: asks one chunk after the other, until the extent is covered or the answer is
 * long enough. One ask at a time; each ends on its group's thread.
 */
final class AllocationRequest implements PartListener {
    /** Asks a chunk. */
    @FunctionalInterface
    interface Asker {
        void ask(int chunk, long offsetInChunk, long lengthBytes, PartListener done);
    }

    private final long end;
    private final long chunkBytes;
    private final boolean one;
    private final Asker asker;
    private final NbdSession.StatusCompletion done;
    private final List<AllocationRun> found = new ArrayList<>();
    private long at;
    private long askedEnd;

    AllocationRequest(
            Gateway.Export export,
            long offset,
            long length,
            boolean one,
            Asker asker,
            NbdSession.StatusCompletion done) {
        this.chunkBytes = export.chunkBytes();
        this.at = offset;
        this.end = offset + length;
        this.one = one;
        this.asker = asker;
        this.done = done;
    }

    void begin() {
        long inChunk = at % chunkBytes;
        long length = Math.min(end - at, chunkBytes - inChunk);
        askedEnd = at + length;
        asker.ask((int) (at / chunkBytes), inChunk, length, this);
    }

    @Override
    public void onAllocation(List<AllocationRun> runs) {
        for (AllocationRun run : runs) {
            run.addTo(found);
            at += run.lengthBytes();
        }
    }

    @Override
    public void onPart(boolean ok, @Nullable ByteBuf nothing) {
        if (!ok) {
            done.complete(Nbd.EIO, null);
        } else if (one) {
            done.complete(0, found.subList(0, 1));
        } else if (at == end || at < askedEnd || found.size() >= AllocationReply.RUNS_MAX) {
            done.complete(0, found);
        } else {
            begin();
        }
    }
}
