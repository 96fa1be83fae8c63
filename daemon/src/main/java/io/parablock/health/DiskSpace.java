package io.parablock.health;

/**
 * The disk of the data directory.
 *
 * @param nearlyFull less was free than {@code health.disk_free}, and has not become clearly more since
 * @param freeBytes -1 if not known
 * @param totalBytes -1 if not known
 */
public record DiskSpace(boolean nearlyFull, long freeBytes, long totalBytes) {}
