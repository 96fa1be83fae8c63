package io.parablock.gateway;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** Told once how a client's request ended, on some group's thread. */
@FunctionalInterface
interface RequestListener {
    /**
     * @param ok false is an I/O error
     * @param payload what a read found; its reference passes to the callee
     */
    void onEnd(boolean ok, @Nullable ByteBuf payload);
}
