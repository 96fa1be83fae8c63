package io.parablock.wal.chronicle;

import io.parablock.wal.Durability;
import java.nio.file.Path;

/**
 * @param segmentBytes a segment (one cycle file) is closed once it holds this many bytes
 * @param reserveBytes space that must stay free on the file system; below it appends are refused
 */
public record ChronicleWalConfig(
        Path directory, long clusterId, Durability durability, long segmentBytes, long reserveBytes) {
    /** 64 MiB segments, 256 MiB reserve. */
    public static ChronicleWalConfig of(Path directory, long clusterId, Durability durability) {
        return new ChronicleWalConfig(directory, clusterId, durability, 64L << 20, 256L << 20);
    }
}
