package io.parablock.transport;

/** The first frame of a connection: who dials whom. */
record Hello(String clusterId, int sender, int target, long boot, int lane) {
    static final long MAGIC = 0x4b43_4f4c_4241_5250L; // "PRABLOCK"
    static final short VERSION = 1;
    /** Named limit of the cluster id and of a refusal's text, in bytes. */
    static final int TEXT_BYTES_MAX = 512;
}
