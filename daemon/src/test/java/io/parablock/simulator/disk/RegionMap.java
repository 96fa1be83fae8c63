package io.parablock.simulator.disk;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Tells a disk what its bytes mean to the cluster. */
@FunctionalInterface
public interface RegionMap {
    /**
     * The regions that suffer when these bytes are damaged: empty when nothing depends on them, null when nobody could
     * tell the damage from bytes that were never written, so that it must not happen (yet).
     */
    @Nullable
    Set<Region> regionsOf(FaultKind kind, String path, long offsetBytes, int lengthBytes);

    /** A file no longer exists, or got a new name and so a new meaning. */
    default void forget(String path) {}
}
