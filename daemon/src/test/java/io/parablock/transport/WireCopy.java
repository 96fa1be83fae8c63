package io.parablock.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.parablock.raft.message.Message;
import io.parablock.replica.client.ClientMessage;

/** Messages as the other side reads them from the wire: written and read by the production codec. */
public final class WireCopy {
    private WireCopy() {}

    /** Keeps the references of the given message's payloads with the caller. */
    public static Message of(ByteBufAllocator alloc, int groupId, Message m) {
        ByteBuf frame = FrameWriter.message(alloc, groupId, m);
        try {
            return reader(frame, groupId, alloc).message();
        } finally {
            frame.release();
        }
    }

    /** Keeps the reference of the given message's payload with the caller. */
    public static ClientMessage of(ByteBufAllocator alloc, int groupId, ClientMessage m) {
        ByteBuf frame = FrameWriter.client(alloc, groupId, m);
        try {
            return reader(frame, groupId, alloc).client();
        } finally {
            frame.release();
        }
    }

    private static FrameReader reader(ByteBuf frame, int groupId, ByteBufAllocator alloc) {
        // The frame decoder strips the length.
        frame.skipBytes(FrameDescriptor.LENGTH_BYTES);
        FrameReader r = new FrameReader(frame, alloc);
        if (r.groupId() != groupId) {
            throw new AssertionError("group " + groupId + " came back as " + r.groupId());
        }
        return r;
    }

    /** True for what travels on the data lanes. */
    public static boolean isBulk(Message m) {
        return FrameWriter.typeOf(m).isBulk();
    }

    /** True for what travels on the data lanes. */
    public static boolean isBulk(ClientMessage m) {
        return FrameWriter.isBulk(m);
    }
}
