package io.parablock.gateway;

import io.netty.buffer.ByteBuf;
import io.parablock.blockdev.store.AllocationRun;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Told once, on the group's thread, how one part of a request ended. */
@FunctionalInterface
interface PartListener {
    /** @param payload what a read found; its reference passes to the callee */
    void onPart(boolean ok, @Nullable ByteBuf payload);

    /** Before the end of a part that asked for the allocation and went well. */
    default void onAllocation(List<AllocationRun> runs) {
        throw new AssertionError("nobody has asked for it");
    }
}
