package io.parablock.blockdev.nbd.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.parablock.blockdev.nbd.Nbd;
import io.parablock.blockdev.nbd.ReadRuns;
import io.parablock.blockdev.nbd.ReplyEncoder;
import io.parablock.blockdev.nbd.ReplyMode;
import io.parablock.blockdev.store.AllocationRun;
import java.util.List;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Replies of one connection on their way out. Heads and short contents are gathered in one buffer; replies that become
 * ready in one turn of the event loop leave together. On the channel's event loop.
 */
final class ReplyWriter implements ReadRuns.Visitor {
    private static final int BATCH_BYTES = 32 << 10;
    /** Longer contents are not copied, but written as they are. */
    private static final int COPY_BYTES_MAX = 8 << 10;

    private final ChannelHandlerContext ctx;
    private final ReplyEncoder encoder;
    private final ClientWatch watch;
    private final LongConsumer onWritten;
    private final Runnable laterFlush = this::onLaterFlush;
    private final ChannelFutureListener markListener = mark -> onMark();
    private @Nullable ByteBuf batch;
    /** The content that is being sent in chunks, and of which request it is. */
    private ByteBuf chunked = Unpooled.EMPTY_BUFFER;

    /** Bytes that count until they are written: of replies since the last flush, behind the mark, and in front of it. */
    private long unflushedBytes;

    private long unmarkedBytes;
    private long markedBytes;

    private long chunkedCookie;
    private long chunkedOffset;
    private boolean reading;
    private boolean flushWanted;
    private boolean flushScheduled;

    /** @param onWritten told of the bytes of {@link #count} that count no more, on the event loop */
    ReplyWriter(ChannelHandlerContext ctx, ReplyMode mode, ClientWatch watch, LongConsumer onWritten) {
        this.ctx = ctx;
        this.encoder = new ReplyEncoder(mode);
        this.watch = watch;
        this.onWritten = onWritten;
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
                chunkedCookie = cookie;
                chunkedOffset = requestOffset;
                chunked = content;
                ReadRuns.split(content, requestOffset, (flags & Nbd.CMD_FLAG_DF) != 0, this);
            } else {
                int length = content.readableBytes();
                encoder.content(roomWithBytes(length), cookie);
                bytes(content, content.readerIndex(), length);
            }
        } finally {
            chunked = Unpooled.EMPTY_BUFFER;
            content.release();
        }
        wantFlush();
    }

    @Override
    public void run(int index, int length, boolean zeros, boolean last) {
        ByteBuf out = zeros ? room(ReplyEncoder.HEAD_BYTES_MAX) : roomWithBytes(length);
        long at = chunkedOffset + index;
        if (zeros) {
            encoder.hole(out, chunkedCookie, chunkedOffset, last, at, length);
        } else {
            encoder.data(out, chunkedCookie, chunkedOffset, last, at, length);
            bytes(chunked, chunked.readerIndex() + index, length);
        }
    }

    void status(long cookie, long requestOffset, List<AllocationRun> runs) {
        encoder.status(room(encoder.statusBytes(runs.size())), cookie, requestOffset, runs);
        wantFlush();
    }

    /** For a head and the bytes behind it: a head that says success must not be there if there is no memory for them. */
    private ByteBuf roomWithBytes(int length) {
        return room(ReplyEncoder.HEAD_BYTES_MAX + (length <= COPY_BYTES_MAX ? length : 0));
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
        unmarkedBytes += unflushedBytes;
        unflushedBytes = 0;
        mark();
    }

    /** Counts these bytes until the replies so far are written. */
    void count(long bytes) {
        unflushedBytes += bytes;
    }

    /** One mark at a time, and none for a client that takes its replies at once: it costs a promise. */
    private void mark() {
        long bytes = unmarkedBytes;
        if (bytes == 0 || markedBytes > 0) {
            return;
        }
        unmarkedBytes = 0;
        ChannelOutboundBuffer out = ctx.channel().unsafe().outboundBuffer();
        if (out == null || out.isEmpty()) {
            onWritten.accept(bytes);
        } else {
            markedBytes = bytes;
            watch.onWrite();
            ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(markListener);
        }
    }

    private void onMark() {
        long bytes = markedBytes;
        markedBytes = 0;
        onWritten.accept(bytes);
        mark();
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
