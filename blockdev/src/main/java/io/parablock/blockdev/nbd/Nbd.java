package io.parablock.blockdev.nbd;

/** The numbers of doc/proto.md. */
public final class Nbd {
    public static final long NBDMAGIC = 0x4e42444d41474943L;
    public static final long IHAVEOPT = 0x49484156454F5054L;
    public static final long OPTION_REPLY_MAGIC = 0x3e889045565a9L;
    public static final int REQUEST_MAGIC = 0x25609513;
    public static final int SIMPLE_REPLY_MAGIC = 0x67446698;

    // "Handshake flags" and "Client flags"
    public static final int FIXED_NEWSTYLE = 1;
    public static final int NO_ZEROES = 2;

    // "Option types"
    public static final int OPT_EXPORT_NAME = 1;
    public static final int OPT_ABORT = 2;
    public static final int OPT_LIST = 3;
    public static final int OPT_INFO = 6;
    public static final int OPT_GO = 7;

    // "Option reply types"
    public static final int REP_ACK = 1;
    public static final int REP_SERVER = 2;
    public static final int REP_INFO = 3;
    public static final int REP_ERR_UNSUP = (1 << 31) + 1;
    public static final int REP_ERR_INVALID = (1 << 31) + 3;
    public static final int REP_ERR_UNKNOWN = (1 << 31) + 6;
    public static final int REP_ERR_TOO_BIG = (1 << 31) + 9;

    // "NBD_INFO_*"
    public static final int INFO_EXPORT = 0;
    public static final int INFO_NAME = 1;
    public static final int INFO_DESCRIPTION = 2;
    public static final int INFO_BLOCK_SIZE = 3;

    // "Transmission flags"
    public static final int FLAG_HAS_FLAGS = 1;
    public static final int FLAG_READ_ONLY = 1 << 1;
    public static final int FLAG_SEND_FLUSH = 1 << 2;
    public static final int FLAG_SEND_FUA = 1 << 3;
    public static final int FLAG_SEND_TRIM = 1 << 5;
    public static final int FLAG_SEND_WRITE_ZEROES = 1 << 6;
    public static final int FLAG_CAN_MULTI_CONN = 1 << 8;

    // "Request types"
    public static final int CMD_READ = 0;
    public static final int CMD_WRITE = 1;
    public static final int CMD_DISC = 2;
    public static final int CMD_FLUSH = 3;
    public static final int CMD_TRIM = 4;
    public static final int CMD_WRITE_ZEROES = 6;

    // "Command flags"
    public static final int CMD_FLAG_FUA = 1;
    public static final int CMD_FLAG_NO_HOLE = 1 << 1;

    // "Error values"
    public static final int EPERM = 1;
    public static final int EIO = 5;
    public static final int EINVAL = 22;
    public static final int ENOSPC = 28;
    public static final int ESHUTDOWN = 108;

    /** "Block size constraints": minimum, preferred, maximum payload, in bytes. */
    public static final int BLOCK_MIN = 512;

    public static final int BLOCK_PREFERRED = 4096;
    public static final int PAYLOAD_MAX = 32 << 20;

    private Nbd() {}

    /** The transmission flags of an export. */
    public static int transmissionFlags(NbdExport export) {
        int flags = FLAG_HAS_FLAGS | FLAG_SEND_FLUSH | FLAG_SEND_FUA | FLAG_CAN_MULTI_CONN;
        return export.readOnly() ? flags | FLAG_READ_ONLY : flags | FLAG_SEND_TRIM | FLAG_SEND_WRITE_ZEROES;
    }
}
