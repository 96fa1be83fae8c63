package io.parablock.raft;

/**
 * Limits of an install (streaming catch-up, protocol.md §7).
 *
 * @param storeBytes the block store's size; 0: this node starts no install
 * @param pieceBytes bytes of one piece, at most 128 KiB
 * @param windowPieces pieces sent and not yet acknowledged
 * @param bytesPerSecond {@code install.bytes_per_second}: what a leader sends to all installing nodes together; a hole
 *     costs nothing
 * @param pinSlotsMax {@code install.pin_slots_max}: slots above an install's base that the leader keeps for it and could
 *     truncate otherwise; past that the install is aborted, never the writes
 */
public record InstallConfig(long storeBytes, int pieceBytes, int windowPieces, long bytesPerSecond, int pinSlotsMax) {
    /** The largest piece there may be. */
    public static final int PIECE_BYTES_MAX = 128 << 10;

    /** Everything but the store's size. */
    public static final InstallConfig DEFAULTS = new InstallConfig(0, PIECE_BYTES_MAX, 32, 64L << 20, 1 << 20);

    public InstallConfig {
        if (pieceBytes < 512 || pieceBytes > PIECE_BYTES_MAX || windowPieces < 1 || bytesPerSecond < 1) {
            throw new IllegalArgumentException("an install of " + pieceBytes + " byte pieces, " + windowPieces
                    + " at a time, " + bytesPerSecond + " bytes per second");
        }
    }
}
