package io.parablock.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/** Whose a lane is: what it says first, and what comes back. Called on the lane's event loop. */
interface Dialler {
    /** The first frame of a connection. */
    ByteBuf hello(ByteBufAllocator alloc, int lane);

    /**
     * An answer to the hello other than {@link FrameType#NOT_YET} and {@link FrameType#REFUSED}: returns if the lane is let in.
     *
     * @throws CodecException if not: the connection is closed, and dialled again
     */
    void onWelcome(FrameReader answer);

    /**
     * A frame after that.
     *
     * @throws CodecException if nothing of its kind may come: the connection is closed, and dialled again
     */
    void onFrame(FrameReader frame);

    void onUp(int lane);

    void onDown(int lane);

    /** Why the lane is not connected: told once for each reason. */
    void onComplaint(int lane, String why);
}
