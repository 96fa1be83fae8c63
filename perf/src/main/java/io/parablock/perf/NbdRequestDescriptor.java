package io.parablock.perf;

/**
 * The NBD messages as a client sees them, all big-endian.
 *
 * <pre>
 * request   0        4       6      8        16       24      28
 *           | magic  | flags | type | cookie | offset | length | payload of a WRITE
 * reply     0        4       8        16
 *           | magic  | error | cookie | payload of a READ
 * option    0          8        12       16
 *           | IHAVEOPT | option | length | content
 * answer    0          8        12     16       20
 *           | magic    | option | type | length | content
 * </pre>
 */
final class NbdRequestDescriptor {
    static final long SERVER_MAGIC = 0x4e42444d41474943L;
    static final long OPTION_MAGIC = 0x49484156454f5054L;
    static final long ANSWER_MAGIC = 0x3e889045565a9L;
    static final int REQUEST_MAGIC = 0x25609513;
    static final int REPLY_MAGIC = 0x67446698;

    static final int REQUEST_BYTES = 28;
    static final int REPLY_BYTES = 16;

    static final int HANDSHAKE_FIXED_NEWSTYLE = 1;
    static final int HANDSHAKE_NO_ZEROES = 2;

    static final int OPTION_GO = 7;
    static final int ANSWER_ACK = 1;
    static final int ANSWER_INFO = 3;
    static final int INFO_EXPORT = 0;

    static final int TYPE_READ = 0;
    static final int TYPE_WRITE = 1;
    static final int TYPE_DISC = 2;
    static final int TYPE_FLUSH = 3;
    static final int TYPE_TRIM = 4;
    static final int TYPE_WRITE_ZEROES = 6;

    static final int FLAG_FUA = 1;

    private NbdRequestDescriptor() {}
}
