package io.parablock.wal;

/**
 * A record that the scan could not read whole (protocol.md §12).
 *
 * @param identityReadable whether group, slot and origin are known (the header is sound, the payload is not)
 * @param belowDurable it lies below the greatest {@code durableUpTo}, so it was durable once: corrupt, never torn
 */
public record DamagedRecord(
        boolean identityReadable, int groupId, long slot, long origin, boolean belowDurable, String reason) {}
