package io.parablock.transport;

import io.parablock.replica.Formation;

/**
 * The first frame of a connection: who dials whom. It is said again after each {@link FrameType#NOT_YET}.
 *
 * @param standing the sender's incarnation, and its members if it has formed the cluster
 */
record Hello(String clusterId, int sender, int target, long boot, int lane, Formation.Standing standing) {
    static final long MAGIC = 0x4b43_4f4c_4241_5250L; // "PRABLOCK"

    /**
     * 2: incarnation and members. 3: repair of blocks, damage in an install's pieces, allocation and prefetch.
     * 4: changed seats, disks that are given up.
     */
    static final short VERSION = 4;
    /** Named limit of the cluster id and of a refusal's text, in bytes. */
    static final int TEXT_BYTES_MAX = 512;
    /** Named limit of the members. */
    static final int MEMBERS_MAX = 64;

    static final int MEMBER_BYTES = 12;
    static final int SEAT_BYTES = 16;

    /** A hello of another version of this protocol: the sender is told. */
    static final class OtherVersionException extends CodecException {
        private static final long serialVersionUID = 1L;

        OtherVersionException(int version) {
            super("peer protocol version " + version + ", this node speaks " + VERSION);
        }
    }
}
