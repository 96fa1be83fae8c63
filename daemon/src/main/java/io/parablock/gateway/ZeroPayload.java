package io.parablock.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;

/** Zeros to write, shared by all requests: what NBD_CMD_WRITE_ZEROES with NBD_CMD_FLAG_NO_HOLE puts on the disks. */
final class ZeroPayload {
    /** The most that one entry writes of them. */
    static final int BYTES_MAX = 1 << 20;

    /** Nobody releases it: there is nothing to watch for leaks, in copies either. */
    private static final UnpooledByteBufAllocator ALLOCATOR = new UnpooledByteBufAllocator(true, true, false);

    private static final ByteBuf ZEROS = Unpooled.unreleasableBuffer(
            ALLOCATOR.directBuffer(BYTES_MAX, BYTES_MAX).writeZero(BYTES_MAX));

    private ZeroPayload() {}

    /** @param lengthBytes at most {@link #BYTES_MAX} */
    static ByteBuf of(int lengthBytes) {
        return ZEROS.retainedSlice(0, lengthBytes);
    }
}
