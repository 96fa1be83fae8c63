package io.parablock.transport;

/** Types of frames; the order is the wire code, append only. */
enum FrameType {
    HELLO,
    HELLO_OK,
    REFUSED,
    PRE_VOTE,
    PRE_VOTE_REPLY,
    VOTE,
    VOTE_REPLY,
    SYNC_BEGIN,
    SYNC_ACK,
    SYNC_REQUEST,
    APPEND,
    APPEND_ACK,
    HEARTBEAT,
    HEARTBEAT_ACK,
    FETCH,
    ENTRIES,
    FORCE,
    FORCE_ACK,
    TERM_REFUSAL,
    OPEN_SESSION,
    SESSION_OPENED,
    CLOSE_SESSION,
    MUTATE,
    MUTATE_REPLY,
    READ,
    READ_REPLY,
    FLUSH,
    FLUSH_REPLY,
    INSTALL_REQUEST,
    INSTALL_BEGIN,
    INSTALL_EXTENT,
    INSTALL_END,
    INSTALL_ACK,
    TIMEOUT_NOW,
    KEEP_ALIVE,
    CURE_REQUEST,
    CURE,
    NOT_YET,
    BLOCK_FETCH,
    BLOCK_REPLY,
    ALLOCATION,
    ALLOCATION_REPLY,
    PREFETCH,
    PREFETCH_REPLY,
    GATEWAY_HELLO,
    GATEWAY_OK,
    LEADER,
    ALIVE,
    GIVE_UP_DISK;

    private static final FrameType[] VALUES = values();

    static FrameType ofCode(int code) {
        if (code >= VALUES.length) {
            throw new CodecException("unknown frame type " + code);
        }
        return VALUES[code];
    }

    boolean isClient() {
        return (compareTo(OPEN_SESSION) >= 0 && compareTo(FLUSH_REPLY) <= 0)
                || this == KEEP_ALIVE
                || (compareTo(ALLOCATION) >= 0 && compareTo(PREFETCH_REPLY) <= 0)
                || this == LEADER;
    }

    /** What a gateway asks of a leader: all that it may send. */
    boolean isRequest() {
        return switch (this) {
            case OPEN_SESSION, CLOSE_SESSION, MUTATE, READ, FLUSH, KEEP_ALIVE, ALLOCATION, PREFETCH -> true;
            default -> false;
        };
    }

    /** Carries bulk: travels on the data lanes. */
    boolean isBulk() {
        return this == APPEND
                || this == ENTRIES
                || this == MUTATE
                || this == READ_REPLY
                || this == INSTALL_EXTENT
                || this == BLOCK_REPLY;
    }

    /** It is sent or asked for again if it is lost. */
    boolean mayBeDropped() {
        return this == APPEND || this == ENTRIES || this == INSTALL_EXTENT || this == BLOCK_REPLY;
    }
}
