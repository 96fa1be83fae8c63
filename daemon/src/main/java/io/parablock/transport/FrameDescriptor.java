package io.parablock.transport;

/**
 * A frame between two nodes, little-endian. The CRC32C covers everything between itself and the payloads; each payload has a
 * CRC of its own in its entry.
 *
 * <pre>
 *   0           4           8           12   13  14      16          20
 *  +-----------+-----------+-----------+----+---+-------+-----------+--------------+------------------+
 *  | length    | CRC32C    | meta bytes|type| 0 |   0   | group id  | body …       | payloads …       |
 *  +-----------+-----------+-----------+----+---+-------+-----------+--------------+------------------+
 *  length: bytes after itself            |◄────── meta bytes, from offset 12 ─────►|
 * </pre>
 */
final class FrameDescriptor {
    static final int LENGTH_BYTES = 4;
    static final int CRC = 4;
    static final int META_BYTES = 8;
    static final int META = 12;
    static final int TYPE = 12;
    static final int GROUP = 16;
    static final int BODY = 20;

    /** In the body of ALLOCATION_REPLY, after their number: length (8), 1 for a hole (1). */
    static final int ALLOCATION_RUN_BYTES = 9;

    private FrameDescriptor() {}
}
