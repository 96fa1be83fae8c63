package io.parablock.blockdev.nbd;

import io.netty.buffer.ByteBuf;
import io.parablock.blockdev.store.AllocationRun;
import java.util.List;

/**
 * Heads of replies (proto.md, "Simple reply message", "Structured reply chunk message", "Extended reply chunk message",
 * "Structured reply types"). Stateless; the content of a read follows its head.
 */
public final class ReplyEncoder {
    /** No head of a simple reply, of an error or of a chunk is longer. */
    public static final int HEAD_BYTES_MAX = 48;

    private static final int CONTEXT_BYTES = 4;
    private static final int EXTENDED_CONTEXT_BYTES = 8;
    private static final int RUN_BYTES = 8;
    private static final int EXTENDED_RUN_BYTES = 16;

    private final ReplyMode mode;

    public ReplyEncoder(ReplyMode mode) {
        this.mode = mode;
    }

    public boolean isChunked() {
        return mode != ReplyMode.SIMPLE;
    }

    /**
     * The whole reply of a request that has nothing to tell but its end.
     *
     * @param requestOffset the request's own, for extended headers
     * @param error 0 for success
     */
    public void end(ByteBuf out, int type, long cookie, long requestOffset, int error) {
        boolean chunk = mode == ReplyMode.EXTENDED
                || (mode == ReplyMode.STRUCTURED && (type == Nbd.CMD_READ || type == Nbd.CMD_BLOCK_STATUS));
        if (!chunk) {
            out.writeInt(Nbd.SIMPLE_REPLY_MAGIC).writeInt(error).writeLong(cookie);
        } else if (error == 0) {
            chunk(out, Nbd.REPLY_FLAG_DONE, Nbd.REPLY_NONE, cookie, requestOffset, 0);
        } else {
            chunk(out, Nbd.REPLY_FLAG_DONE, Nbd.REPLY_ERROR, cookie, requestOffset, 6);
            out.writeInt(error).writeShort(0);
        }
    }

    /** Simple replies: the head of a read that went well. */
    public void content(ByteBuf out, long cookie) {
        out.writeInt(Nbd.SIMPLE_REPLY_MAGIC).writeInt(0).writeLong(cookie);
    }

    /** NBD_REPLY_TYPE_OFFSET_DATA: {@code length} bytes follow. */
    public void data(ByteBuf out, long cookie, long requestOffset, boolean last, long at, int length) {
        chunk(out, done(last), Nbd.REPLY_OFFSET_DATA, cookie, requestOffset, Long.BYTES + (long) length);
        out.writeLong(at);
    }

    /** NBD_REPLY_TYPE_OFFSET_HOLE. */
    public void hole(ByteBuf out, long cookie, long requestOffset, boolean last, long at, int length) {
        chunk(out, done(last), Nbd.REPLY_OFFSET_HOLE, cookie, requestOffset, Long.BYTES + Integer.BYTES);
        out.writeLong(at).writeInt(length);
    }

    /** Bytes of {@link #status} for so many runs. */
    public int statusBytes(int runs) {
        return HEAD_BYTES_MAX + runs * EXTENDED_RUN_BYTES;
    }

    /** The whole reply to NBD_CMD_BLOCK_STATUS: NBD_REPLY_TYPE_BLOCK_STATUS, or with extended headers its _EXT. */
    public void status(ByteBuf out, long cookie, long requestOffset, List<AllocationRun> runs) {
        int n = runs.size();
        boolean extended = mode == ReplyMode.EXTENDED;
        if (extended) {
            long bytes = EXTENDED_CONTEXT_BYTES + (long) n * EXTENDED_RUN_BYTES;
            chunk(out, Nbd.REPLY_FLAG_DONE, Nbd.REPLY_BLOCK_STATUS_EXT, cookie, requestOffset, bytes);
            out.writeInt(Nbd.BASE_ALLOCATION_ID).writeInt(n);
        } else {
            long bytes = CONTEXT_BYTES + (long) n * RUN_BYTES;
            chunk(out, Nbd.REPLY_FLAG_DONE, Nbd.REPLY_BLOCK_STATUS, cookie, requestOffset, bytes);
            out.writeInt(Nbd.BASE_ALLOCATION_ID);
        }
        for (int i = 0; i < n; i++) {
            AllocationRun run = runs.get(i);
            int state = run.hole() ? Nbd.STATE_HOLE | Nbd.STATE_ZERO : 0;
            if (extended) {
                out.writeLong(run.lengthBytes()).writeLong(state);
            } else {
                out.writeInt((int) run.lengthBytes()).writeInt(state);
            }
        }
    }

    private static int done(boolean last) {
        return last ? Nbd.REPLY_FLAG_DONE : 0;
    }

    private void chunk(ByteBuf out, int flags, int type, long cookie, long requestOffset, long bytes) {
        if (mode == ReplyMode.EXTENDED) {
            out.writeInt(Nbd.EXTENDED_REPLY_MAGIC).writeShort(flags).writeShort(type);
            out.writeLong(cookie).writeLong(requestOffset).writeLong(bytes);
        } else {
            out.writeInt(Nbd.STRUCTURED_REPLY_MAGIC).writeShort(flags).writeShort(type);
            out.writeLong(cookie).writeInt((int) bytes);
        }
    }
}
