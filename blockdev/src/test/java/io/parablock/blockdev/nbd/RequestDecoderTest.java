package io.parablock.blockdev.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which request is carried out, and with which error another one is refused. */
class RequestDecoderTest {
    private static final long SIZE = 1L << 40;
    private static final int FUA = Nbd.CMD_FLAG_FUA;
    private static final int PAYLOAD = Nbd.CMD_FLAG_PAYLOAD_LEN;

    private final List<String> seen = new ArrayList<>();

    private final class Seen implements RequestDecoder.Sink {
        @Override
        public boolean admit(int type, int flags, long length) {
            return true;
        }

        @Override
        public void onRequest(int type, int flags, long cookie, long offset, long length, @Nullable ByteBuf payload) {
            seen.add(cookie + " begun");
            if (payload != null) {
                assertThat((long) payload.readableBytes()).isEqualTo(length);
                payload.release();
            }
        }

        @Override
        public void onRefused(int type, long cookie, long offset, int nbdError) {
            seen.add(cookie + " refused " + nbdError);
        }

        @Override
        public void onDisconnect() {
            seen.add("disconnect");
        }
    }

    private RequestDecoder decoder(ReplyMode mode, boolean readOnly, boolean allocation) {
        NbdExport export = new NbdExport("disk", "", SIZE, readOnly);
        return new RequestDecoder(
                new Negotiated(export, mode, allocation), UnpooledByteBufAllocator.DEFAULT, new Seen());
    }

    private static ByteBuf request(ReplyMode mode, int flags, int type, long cookie, long offset, long length) {
        boolean extended = mode == ReplyMode.EXTENDED;
        ByteBuf b = Unpooled.buffer()
                .writeInt(extended ? Nbd.EXTENDED_REQUEST_MAGIC : Nbd.REQUEST_MAGIC)
                .writeShort(flags)
                .writeShort(type)
                .writeLong(cookie)
                .writeLong(offset);
        return extended ? b.writeLong(length) : b.writeInt((int) length);
    }

    /** -1: begun. */
    private int outcome(RequestDecoder decoder, ReplyMode mode, int flags, int type, long offset, long length)
            throws ProtocolException {
        seen.clear();
        decoder.feed(request(mode, flags, type, 7, offset, length));
        assertThat(seen).hasSize(1);
        String only = seen.get(0);
        return only.equals("7 begun") ? -1 : Integer.parseInt(only.substring("7 refused ".length()));
    }

    @ParameterizedTest
    @CsvSource({"0,22", "4,22", "5,22", "7,22", "6,28"})
    void shouldTellBeyondTheEndFromAnyOtherFault(int type, int beyondEnd) throws ProtocolException {
        ReplyMode mode = ReplyMode.EXTENDED;
        RequestDecoder d = decoder(mode, false, true);
        assertThat(outcome(d, mode, FUA, type, SIZE - 512, 512)).isEqualTo(-1);
        assertThat(outcome(d, mode, 0, type, SIZE - 512, 1024)).isEqualTo(beyondEnd);
        assertThat(outcome(d, mode, 0, type, SIZE, 512)).isEqualTo(beyondEnd);
        assertThat(outcome(d, mode, 0, type, -512, 512)).isEqualTo(beyondEnd);
        assertThat(outcome(d, mode, 0, type, -512, 1024)).isEqualTo(beyondEnd);
        assertThat(outcome(d, mode, 0, type, 512, -512)).isEqualTo(beyondEnd);
        assertThat(outcome(d, mode, 0, type, Long.MAX_VALUE - 511, 512)).isEqualTo(beyondEnd);
        assertThat(outcome(d, mode, 0, type, 1, 512)).isEqualTo(Nbd.EINVAL);
        assertThat(outcome(d, mode, 0, type, 0, 511)).isEqualTo(Nbd.EINVAL);
        assertThat(outcome(d, mode, 0, type, 0, 0)).isEqualTo(Nbd.EINVAL);
        assertThat(outcome(d, mode, 1 << 7, type, 0, 512)).isEqualTo(Nbd.EINVAL);
    }

    @Test
    void shouldServeLongRangesAndNoLongRead() throws ProtocolException {
        for (ReplyMode mode : ReplyMode.values()) {
            long length = mode == ReplyMode.EXTENDED ? SIZE : (1L << 32) - 512;
            RequestDecoder d = decoder(mode, false, true);
            for (int type : new int[] {Nbd.CMD_TRIM, Nbd.CMD_WRITE_ZEROES, Nbd.CMD_CACHE, Nbd.CMD_BLOCK_STATUS}) {
                assertThat(outcome(d, mode, 0, type, 0, length)).isEqualTo(-1);
            }
            assertThat(outcome(d, mode, 0, Nbd.CMD_READ, 0, Nbd.PAYLOAD_MAX)).isEqualTo(-1);
            assertThat(outcome(d, mode, 0, Nbd.CMD_READ, 0, length)).isEqualTo(Nbd.EINVAL);
            if (mode != ReplyMode.SIMPLE) {
                assertThat(outcome(d, mode, Nbd.CMD_FLAG_DF, Nbd.CMD_READ, 0, length))
                        .isEqualTo(Nbd.EOVERFLOW);
            }
        }
    }

    @Test
    void shouldTakeFlagsOnlyWhereTheyBelong() throws ProtocolException {
        RequestDecoder simple = decoder(ReplyMode.SIMPLE, false, false);
        assertThat(outcome(simple, ReplyMode.SIMPLE, Nbd.CMD_FLAG_DF, Nbd.CMD_READ, 0, 512))
                .isEqualTo(Nbd.EINVAL);
        assertThat(outcome(simple, ReplyMode.SIMPLE, 0, Nbd.CMD_BLOCK_STATUS, 0, 512))
                .isEqualTo(Nbd.EINVAL);
        assertThat(outcome(simple, ReplyMode.SIMPLE, 0, 8, 0, 512)).isEqualTo(Nbd.EINVAL);
        ReplyMode mode = ReplyMode.STRUCTURED;
        RequestDecoder d = decoder(mode, false, true);
        assertThat(outcome(d, mode, Nbd.CMD_FLAG_DF, Nbd.CMD_READ, 0, 512)).isEqualTo(-1);
        assertThat(outcome(d, mode, Nbd.CMD_FLAG_REQ_ONE | FUA, Nbd.CMD_BLOCK_STATUS, 0, 512))
                .isEqualTo(-1);
        assertThat(outcome(d, mode, Nbd.CMD_FLAG_REQ_ONE, Nbd.CMD_READ, 0, 512)).isEqualTo(Nbd.EINVAL);
        assertThat(outcome(d, mode, Nbd.CMD_FLAG_FAST_ZERO, Nbd.CMD_WRITE_ZEROES, 0, 512))
                .isEqualTo(-1);
        assertThat(outcome(d, mode, Nbd.CMD_FLAG_NO_HOLE, Nbd.CMD_WRITE_ZEROES, 0, 512))
                .isEqualTo(-1);
        int both = Nbd.CMD_FLAG_NO_HOLE | Nbd.CMD_FLAG_FAST_ZERO;
        assertThat(outcome(d, mode, both, Nbd.CMD_WRITE_ZEROES, 0, 512)).isEqualTo(Nbd.ENOTSUP);
        assertThat(outcome(d, mode, Nbd.CMD_FLAG_NO_HOLE, Nbd.CMD_TRIM, 0, 512)).isEqualTo(Nbd.EINVAL);
        assertThat(outcome(d, mode, FUA, Nbd.CMD_FLUSH, 0, 0)).isEqualTo(-1);
        assertThat(outcome(d, mode, 0, Nbd.CMD_FLUSH, 0, 512)).isEqualTo(Nbd.EINVAL);
    }

    @Test
    void shouldRefuseEveryChangeOfAReadOnlyExportAndDrainThePayload() throws ProtocolException {
        ReplyMode mode = ReplyMode.SIMPLE;
        RequestDecoder d = decoder(mode, true, false);
        ByteBuf in = request(mode, 0, Nbd.CMD_WRITE, 1, 0, 512).writeZero(512);
        in.writeBytes(request(mode, 0, Nbd.CMD_TRIM, 2, 0, 512));
        in.writeBytes(request(mode, 0, Nbd.CMD_WRITE_ZEROES, 3, 0, 512));
        in.writeBytes(request(mode, 0, Nbd.CMD_READ, 4, 0, 512));
        in.writeBytes(request(mode, 0, Nbd.CMD_FLUSH, 5, 0, 0));
        d.feed(in);
        assertThat(seen).containsExactly("1 refused 1", "2 refused 1", "3 refused 1", "4 begun", "5 begun");
    }

    @Test
    void shouldTakeThePayloadThatTheFlagAnnounces() throws ProtocolException {
        ReplyMode mode = ReplyMode.EXTENDED;
        RequestDecoder d = decoder(mode, false, true);
        ByteBuf in = request(mode, PAYLOAD, Nbd.CMD_WRITE, 1, 0, 512).writeZero(512);
        in.writeBytes(request(mode, PAYLOAD, Nbd.CMD_BLOCK_STATUS, 2, 0, 12).writeZero(12));
        in.writeBytes(request(mode, PAYLOAD, 99, 3, 0, 512).writeZero(512));
        // Without the flag nothing follows, and a write without its bytes is none.
        in.writeBytes(request(mode, 0, Nbd.CMD_WRITE, 4, 0, 512));
        in.writeBytes(request(mode, PAYLOAD, Nbd.CMD_WRITE, 5, SIZE, 512).writeZero(512));
        d.feed(in);
        assertThat(seen).containsExactly("1 begun", "2 refused 22", "3 refused 22", "4 refused 22", "5 refused 28");
        seen.clear();
        RequestDecoder compact = decoder(ReplyMode.STRUCTURED, false, true);
        in = request(ReplyMode.STRUCTURED, PAYLOAD, Nbd.CMD_WRITE, 6, 0, 512).writeZero(512);
        in.writeBytes(request(ReplyMode.STRUCTURED, PAYLOAD, Nbd.CMD_READ, 7, 0, 512));
        compact.feed(in);
        assertThat(seen).containsExactly("6 refused 22", "7 refused 22");
    }

    @Test
    void shouldGiveUpOnAPayloadThatIsTooLargeAndOnAWrongMagic() {
        ReplyMode mode = ReplyMode.EXTENDED;
        for (long length : new long[] {Nbd.PAYLOAD_MAX + 1L, -1L}) {
            assertThatThrownBy(() ->
                            decoder(mode, false, true).feed(request(mode, PAYLOAD, Nbd.CMD_BLOCK_STATUS, 1, 0, length)))
                    .isInstanceOf(ProtocolException.class)
                    .hasMessageContaining(Long.toUnsignedString(length));
        }
        ByteBuf compact = request(ReplyMode.SIMPLE, 0, Nbd.CMD_READ, 1, 0, 512).writeInt(0);
        assertThatThrownBy(() -> decoder(mode, false, true).feed(compact)).isInstanceOf(ProtocolException.class);
    }

    @Test
    void shouldRefuseWhatComesAfterTheStopAndFinishWhatCameBefore() throws ProtocolException {
        ReplyMode mode = ReplyMode.SIMPLE;
        RequestDecoder d = decoder(mode, false, false);
        d.feed(request(mode, 0, Nbd.CMD_WRITE, 1, 0, 512).writeZero(256));
        d.stop();
        assertThat(d.isReceiving()).isTrue();
        ByteBuf in = Unpooled.buffer().writeZero(256);
        in.writeBytes(request(mode, 0, Nbd.CMD_WRITE, 2, 0, 512).writeZero(512));
        in.writeBytes(request(mode, 0, Nbd.CMD_DISC, 3, 0, 0));
        in.writeBytes(request(mode, 0, Nbd.CMD_FLUSH, 4, 0, 0));
        d.feed(in);
        assertThat(seen).containsExactly("1 begun", "2 refused " + Nbd.ESHUTDOWN, "disconnect");
    }
}
