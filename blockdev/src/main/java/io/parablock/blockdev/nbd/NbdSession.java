package io.parablock.blockdev.nbd;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** One client's requests. Each completion is called exactly once, on any thread; error 0 is success. */
public interface NbdSession {
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

    void read(long offsetBytes, int lengthBytes, ReadCompletion done);

    /** The payload's reference passes to the callee. */
    void write(long offsetBytes, ByteBuf payload, boolean fua, Completion done);

    void zero(long offsetBytes, long lengthBytes, boolean noHole, boolean fua, Completion done);

    void trim(long offsetBytes, long lengthBytes, boolean fua, Completion done);

    void flush(Completion done);

    /** The connection has ended; idempotent. */
    void detach();
}
