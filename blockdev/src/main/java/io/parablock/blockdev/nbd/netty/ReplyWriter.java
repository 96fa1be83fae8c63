package io.parablock.blockdev.nbd.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.parablock.blockdev.nbd.Nbd;
import io.parablock.blockdev.nbd.ReadRuns;
import io.parablock.blockdev.nbd.ReplyEncoder;
import io.parablock.blockdev.nbd.ReplyMode;
import io.parablock.blockdev.store.AllocationRun;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Replies of one connection on their way out. Heads and short contents are gathered in one buffer; replies that become
 * ready in one turn of the event loop leave together. On the channel's event loop.
 */
final class ReplyWriter {
    private static final int BATCH_BYTES = 32 << 10;
    /** Longer contents are not copied, but written as they are. */
    private static final int COPY_BYTES_MAX = 8 << 10;

    private final ChannelHandlerContext ctx;
    private final ReplyEncoder encoder;
    private final ReplyWatch watch;
    private final Runnable laterFlush = this::onLaterFlush;
    private @Nullable ByteBuf batch;
    private boolean reading;
    private boolean flushWanted;
    private boolean flushScheduled;

    ReplyWriter(ChannelHandlerContext ctx, ReplyMode mode, ReplyWatch watch) {
        this.ctx = ctx;
        this.encoder = new ReplyEncoder(mode);
        this.watch = watch;
    }

    /** Until {@link #onReadComplete} nothing needs to be flushed. */
    void onRead() {
        reading = true;
    }

    void onReadComplete() {
        reading = false;
        if (flushWanted) {
            flush();
        }
    }

    void end(int type, long cookie, long requestOffset, int error) {
        encoder.end(room(ReplyEncoder.HEAD_BYTES_MAX), type, cookie, requestOffset, error);
        wantFlush();
    }

    /** Takes the content's reference. */
    void content(int flags, long cookie, long requestOffset, ByteBuf content) {
        try {
            if (encoder.isChunked()) {
                boolean whole = (flags & Nbd.CMD_FLAG_DF) != 0;
                ReadRuns.split(content, requestOffset, whole, (index, length, zeros, last) -> {
                    ByteBuf out = room(ReplyEncoder.HEAD_BYTES_MAX);
                    long at = requestOffset + index;
                    if (zeros) {
                        encoder.hole(out, cookie, requestOffset, last, at, length);
                    } else {
                        encoder.data(out, cookie, requestOffset, last, at, length);
                        bytes(content, content.readerIndex() + index, length);
                    }
                });
            } else {
                encoder.content(room(ReplyEncoder.HEAD_BYTES_MAX), cookie);
                bytes(content, content.readerIndex(), content.readableBytes());
            }
        } finally {
            content.release();
        }
        wantFlush();
    }

    void status(long cookie, long requestOffset, List<AllocationRun> runs) {
        encoder.status(room(encoder.statusBytes(runs.size())), cookie, requestOffset, runs);
        wantFlush();
    }

    private void bytes(ByteBuf content, int index, int length) {
        if (length <= COPY_BYTES_MAX) {
            room(length).writeBytes(content, index, length);
        } else {
            handOver();
            write(content.retainedSlice(index, length));
        }
    }

    private ByteBuf room(int bytes) {
        ByteBuf b = batch;
        if (b != null && b.writableBytes() < bytes) {
            handOver();
            b = null;
        }
        if (b == null) {
            b = ctx.alloc().directBuffer(Math.max(bytes, BATCH_BYTES));
            batch = b;
        }
        return b;
    }

    private void handOver() {
        ByteBuf b = batch;
        if (b != null) {
            batch = null;
            write(b);
        }
    }

    private void write(ByteBuf out) {
        watch.onWrite();
        ctx.write(out, ctx.voidPromise());
    }

    private void wantFlush() {
        flushWanted = true;
        if (!reading && !flushScheduled) {
            flushScheduled = true;
            ctx.executor().execute(laterFlush);
        }
    }

    private void onLaterFlush() {
        flushScheduled = false;
        if (flushWanted) {
            flush();
        }
    }

    void flush() {
        flushWanted = false;
        handOver();
        ctx.flush();
    }

    /** Nothing leaves any more. */
    void close() {
        ByteBuf b = batch;
        if (b != null) {
            batch = null;
            b.release();
        }
    }
}
