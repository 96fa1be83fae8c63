package io.parablock.gateway;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** Told once, on the group's thread, how one part of a request ended. */
@FunctionalInterface
interface PartListener {
    /** @param payload what a read found; its reference passes to the callee */
    void onPart(boolean ok, @Nullable ByteBuf payload);
}
