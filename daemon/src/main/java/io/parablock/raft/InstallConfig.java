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
 * @param damagePinSlotsMax {@code scrub.pin_slots_max}: slots that are kept while blocks wait for a peer's copy; past that a
 *     node that lags behind would be installed from a damaged store, even if it held the last good copy
 */
public record InstallConfig(
        long storeBytes,
        int pieceBytes,
        int windowPieces,
        long bytesPerSecond,
        int pinSlotsMax,
        int damagePinSlotsMax) {
    /** The largest piece there may be. */
    public static final int PIECE_BYTES_MAX = 128 << 10;

    /** {@link #damagePinSlotsMax} where nobody says otherwise. */
    public static final int DAMAGE_PIN_SLOTS_MAX_DEFAULT = 1 << 20;

    /** Everything but the store's size. */
    public static final InstallConfig DEFAULTS = new InstallConfig(0, PIECE_BYTES_MAX, 32, 64L << 20, 1 << 20);

    /** With {@link #DAMAGE_PIN_SLOTS_MAX_DEFAULT}. */
    public InstallConfig(long storeBytes, int pieceBytes, int windowPieces, long bytesPerSecond, int pinSlotsMax) {
        this(storeBytes, pieceBytes, windowPieces, bytesPerSecond, pinSlotsMax, DAMAGE_PIN_SLOTS_MAX_DEFAULT);
    }

    public InstallConfig {
        if (pieceBytes < 512 || pieceBytes > PIECE_BYTES_MAX || windowPieces < 1 || bytesPerSecond < 1) {
            throw new IllegalArgumentException("an install of " + pieceBytes + " byte pieces, " + windowPieces
                    + " at a time, " + bytesPerSecond + " bytes per second");
        }
    }
}
