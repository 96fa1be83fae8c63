package io.parablock.blockdev.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledHeapByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whatever bytes a client sends, in whatever pieces: the decoders answer or give up with a {@link ProtocolException}, the
 * pieces make no difference, and memory is bounded by what was asked for. Fuzzed with {@code JAZZER_FUZZ=1}; otherwise the
 * kept inputs are run.
 */
class NbdFuzzTest {
    private static final List<NbdExport> EXPORTS =
            List.of(new NbdExport("demo", "a disk", 1 << 20, false), new NbdExport("ro", "", 64 << 10, true));

    /** A reply to one option: the listing of two exports with room to spare. */
    private static final int REPLY_BYTES_MAX = 256;

    private static final int OPTION_BYTES_MIN = 16;

    @FuzzTest(maxDuration = "10m")
    void handshake(FuzzedDataProvider fuzz) {
        int[] pieces = pieces(fuzz);
        byte[] bytes = fuzz.consumeRemainingAsBytes();
        String whole = negotiate(bytes, new int[] {Math.max(1, bytes.length)});
        assertThat(negotiate(bytes, pieces)).isEqualTo(whole);
    }

    private static int[] pieces(FuzzedDataProvider fuzz) {
        int[] pieces = new int[fuzz.consumeInt(1, 8)];
        for (int i = 0; i < pieces.length; i++) {
            pieces[i] = fuzz.consumeInt(1, 64);
        }
        return pieces;
    }

    /** What came of it, in words. */
    private static String negotiate(byte[] bytes, int[] pieces) {
        Handshake handshake = new Handshake(EXPORTS);
        ByteBuf out = Unpooled.buffer();
        StringBuilder replies = new StringBuilder();
        ByteBuf in = Unpooled.buffer();
        String end = "open";
        try {
            for (int at = 0, i = 0; at < bytes.length; i++) {
                int n = Math.min(pieces[i % pieces.length], bytes.length - at);
                in.writeBytes(bytes, at, n);
                at += n;
                while (handshake.feed(in, out)) {
                    assertThat(out.readableBytes()).isGreaterThanOrEqualTo(Handshake.REPLY_BYTES_MAX);
                    replies.append(out.readCharSequence(out.readableBytes(), StandardCharsets.ISO_8859_1));
                }
                if (handshake.state() == Handshake.State.DONE || handshake.state() == Handshake.State.ABORTED) {
                    break;
                }
            }
            end = handshake.state().toString();
            if (handshake.state() == Handshake.State.DONE) {
                end += handshake.negotiated();
            }
        } catch (ProtocolException refused) {
            end = String.valueOf(refused.getMessage());
            assertThat(end.length()).isLessThan(256);
        }
        replies.append(out.toString(StandardCharsets.ISO_8859_1));
        assertThat(replies.length()).isLessThanOrEqualTo((bytes.length / OPTION_BYTES_MIN + 1) * REPLY_BYTES_MAX);
        return end + replies;
    }

    @FuzzTest(maxDuration = "10m")
    void requests(FuzzedDataProvider fuzz) {
        NbdExport export = EXPORTS.get(fuzz.consumeInt(0, 1));
        ReplyMode mode = ReplyMode.values()[fuzz.consumeInt(0, 2)];
        Negotiated negotiated = new Negotiated(export, mode, mode != ReplyMode.SIMPLE && fuzz.consumeBoolean());
        int[] pieces = pieces(fuzz);
        int admitEvery = fuzz.consumeInt(1, 4);
        byte[] bytes = fuzz.consumeRemainingAsBytes();
        Requests whole = new Requests(negotiated, 1);
        whole.transmit(bytes, new int[] {Math.max(1, bytes.length)});
        Requests inPieces = new Requests(negotiated, admitEvery);
        inPieces.transmit(bytes, pieces);
        assertThat(inPieces.seen).isEqualTo(whole.seen);
    }

    /** Takes what the decoder makes of the bytes; lets only every so manieth request in at once. */
    private static final class Requests implements RequestDecoder.Sink {
        final List<String> seen = new ArrayList<>();
        private final NbdExport export;
        private final Negotiated negotiated;
        private final int admitEvery;
        private final List<ByteBuf> allocated = new ArrayList<>();
        private int asked;
        private boolean waiting;

        Requests(Negotiated negotiated, int admitEvery) {
            this.negotiated = negotiated;
            this.export = negotiated.export();
            this.admitEvery = admitEvery;
        }

        void transmit(byte[] bytes, int[] pieces) {
            ByteBufAllocator recorder = new AbstractByteBufAllocator(false) {
                @Override
                public boolean isDirectBufferPooled() {
                    return false;
                }

                @Override
                protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
                    return new UnpooledHeapByteBuf(this, initialCapacity, maxCapacity);
                }

                @Override
                protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
                    assertThat(initialCapacity).isLessThanOrEqualTo((int) export.sizeBytes());
                    ByteBuf buf = newHeapBuffer(initialCapacity, maxCapacity);
                    allocated.add(buf);
                    return buf;
                }
            };
            RequestDecoder decoder = new RequestDecoder(negotiated, recorder, this);
            ByteBuf in = Unpooled.buffer();
            try {
                for (int at = 0, i = 0; at < bytes.length; i++) {
                    int n = Math.min(pieces[i % pieces.length], bytes.length - at);
                    in.writeBytes(bytes, at, n);
                    at += n;
                    feed(decoder, in);
                }
            } catch (ProtocolException refused) {
                seen.add(String.valueOf(refused.getMessage()));
            } finally {
                decoder.close();
            }
            assertThat(allocated).allSatisfy(buf -> assertThat(buf.refCnt()).isZero());
        }

        private void feed(RequestDecoder decoder, ByteBuf in) throws ProtocolException {
            decoder.feed(in);
            while (waiting) {
                waiting = false;
                decoder.resume();
                decoder.feed(in);
            }
        }

        @Override
        public boolean admit(int type, int flags, long length) {
            waiting = ++asked % admitEvery != 0;
            return !waiting;
        }

        @Override
        public void onRequest(int type, int flags, long cookie, long offset, long length, @Nullable ByteBuf payload) {
            assertThat(offset).isNotNegative();
            assertThat(length).isNotNegative();
            assertThat(offset + length).isLessThanOrEqualTo(export.sizeBytes());
            assertThat(payload != null).isEqualTo(type == Nbd.CMD_WRITE);
            boolean mutates = type == Nbd.CMD_WRITE || type == Nbd.CMD_TRIM || type == Nbd.CMD_WRITE_ZEROES;
            assertThat(export.readOnly() && mutates).isFalse();
            assertThat(type == Nbd.CMD_BLOCK_STATUS && !negotiated.allocation()).isFalse();
            String content = "";
            if (payload != null) {
                assertThat((long) payload.readableBytes()).isEqualTo(length);
                content = payload.toString(StandardCharsets.ISO_8859_1);
                payload.release();
            }
            seen.add(type + " " + flags + " " + cookie + " " + offset + " " + length + " " + content);
        }

        @Override
        public void onRefused(int type, long cookie, long offset, int nbdError) {
            assertThat(nbdError).isPositive();
            seen.add(type + " " + cookie + " " + offset + " refused " + nbdError);
        }

        @Override
        public void onDisconnect() {
            seen.add("disconnect");
        }
    }
}
