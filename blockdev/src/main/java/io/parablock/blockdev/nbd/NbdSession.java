package io.parablock.blockdev.nbd;

import io.netty.buffer.ByteBuf;
import io.parablock.blockdev.store.AllocationRun;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One client's requests. Extents are inside the export, not empty and whole sectors. Each completion is called exactly once,
 * on any thread, possibly before the method returns; error 0 is success.
 */
public interface NbdSession {
    /** A request, or each of the parts that it is served in, counts as this much, so that a flood of them is bounded too. */
    int REQUEST_COST_BYTES = 512;

    /** Receives an NBD error number. */
    @FunctionalInterface
    interface Completion {
        void complete(int nbdError);
    }

    /** Receives an NBD error number or the bytes read, whose reference passes to it. */
    @FunctionalInterface
    interface ReadCompletion {
        void complete(int nbdError, @Nullable ByteBuf content);
    }

    /** Receives an NBD error number or the runs from the asked offset on: one at least. */
    @FunctionalInterface
    interface StatusCompletion {
        void complete(int nbdError, @Nullable List<AllocationRun> runs);
    }

    /** @param lengthBytes at most {@link Nbd#PAYLOAD_MAX} */
    void read(long offsetBytes, int lengthBytes, ReadCompletion done);

    /** The payload's reference passes to the callee. */
    void write(long offsetBytes, ByteBuf payload, boolean fua, Completion done);

    /** @param noHole the zeros take space: they are written */
    void zero(long offsetBytes, long lengthBytes, boolean noHole, boolean fua, Completion done);

    void trim(long offsetBytes, long lengthBytes, boolean fua, Completion done);

    void flush(Completion done);

    /** A hint: this will be read soon (NBD_CMD_CACHE). */
    void prefetch(long offsetBytes, long lengthBytes, Completion done);

    /**
     * What takes space (NBD_CMD_BLOCK_STATUS, {@code base:allocation}); the runs may end before the range does.
     *
     * @param one a single run is enough
     */
    void blockStatus(long offsetBytes, long lengthBytes, boolean one, StatusCompletion done);

    /**
     * Memory that a request without payload or content takes while it is in work, in bytes.
     *
     * @param type NBD_CMD_*, neither READ nor WRITE
     * @param flags NBD_CMD_FLAG_*
     */
    default long costBytes(int type, int flags, long lengthBytes) {
        return REQUEST_COST_BYTES;
    }

    /** The connection has ended; idempotent. */
    void detach();
}
