package io.parablock.blockdev.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The handshake, option by option. */
class HandshakeTest {
    private static final NbdExport DISK = new NbdExport("disk", "a disk", 1 << 20, false);
    private static final NbdExport ARCHIVE = new NbdExport("archive", "", 1 << 20, true);

    private final Handshake handshake = new Handshake(List.of(DISK, ARCHIVE));
    private final ByteBuf out = Unpooled.buffer();

    private record Reply(int type, ByteBuf content) {}

    private Handshake flags(int flags) throws ProtocolException {
        feed(Unpooled.buffer().writeInt(flags));
        return handshake;
    }

    private void feed(ByteBuf in) throws ProtocolException {
        assertThat(handshake.feed(in, out)).isFalse();
    }

    private static ByteBuf option(int option, ByteBuf content) {
        return Unpooled.buffer()
                .writeLong(Nbd.IHAVEOPT)
                .writeInt(option)
                .writeInt(content.readableBytes())
                .writeBytes(content);
    }

    private List<Reply> ask(int option, ByteBuf content) throws ProtocolException {
        feed(option(option, content));
        List<Reply> replies = new ArrayList<>();
        while (out.isReadable()) {
            assertThat(out.readLong()).isEqualTo(Nbd.OPTION_REPLY_MAGIC);
            assertThat(out.readInt()).isEqualTo(option);
            int type = out.readInt();
            byte[] bytes = new byte[out.readInt()];
            out.readBytes(bytes);
            replies.add(new Reply(type, Unpooled.wrappedBuffer(bytes)));
        }
        return replies;
    }

    private int askOnce(int option, ByteBuf content) throws ProtocolException {
        List<Reply> replies = ask(option, content);
        assertThat(replies).hasSize(1);
        return replies.get(0).type();
    }

    private static ByteBuf text(String s) {
        return Unpooled.copiedBuffer(s, StandardCharsets.UTF_8);
    }

    private static ByteBuf string(String s) {
        ByteBuf bytes = text(s);
        return Unpooled.buffer().writeInt(bytes.readableBytes()).writeBytes(bytes);
    }

    private static ByteBuf query(String export, String... queries) {
        ByteBuf b = string(export).writeInt(queries.length);
        for (String q : queries) {
            b.writeBytes(string(q));
        }
        return b;
    }

    private static ByteBuf info(String export, int... wanted) {
        ByteBuf b = string(export).writeShort(wanted.length);
        for (int w : wanted) {
            b.writeShort(w);
        }
        return b;
    }

    @Test
    void shouldCloseOnUnknownClientFlags() {
        assertThatThrownBy(() -> flags(4)).isInstanceOf(ProtocolException.class).hasMessageContaining("0x4");
    }

    @Test
    void shouldTakeOnlyAnExportNameFromAnOldClient() throws ProtocolException {
        flags(0);
        feed(option(Nbd.OPT_EXPORT_NAME, text("disk")));
        assertThat(out.readLong()).isEqualTo(DISK.sizeBytes());
        out.skipBytes(2);
        assertThat(out.readableBytes()).isEqualTo(124);
        assertThat(handshake.negotiated()).isEqualTo(new Negotiated(DISK, ReplyMode.SIMPLE, false));
        Handshake other = new Handshake(List.of(DISK));
        ByteBuf list = Unpooled.buffer().writeInt(0).writeBytes(option(Nbd.OPT_LIST, Unpooled.EMPTY_BUFFER));
        assertThatThrownBy(() -> other.feed(list, out)).isInstanceOf(ProtocolException.class);
    }

    @Test
    void shouldListExportsAndTellOfThem() throws ProtocolException {
        flags(3);
        assertThat(ask(Nbd.OPT_LIST, Unpooled.EMPTY_BUFFER))
                .extracting(Reply::type)
                .containsExactly(Nbd.REP_SERVER, Nbd.REP_SERVER, Nbd.REP_ACK);
        List<Reply> replies =
                ask(Nbd.OPT_INFO, info("archive", Nbd.INFO_NAME, Nbd.INFO_DESCRIPTION, 77, Nbd.INFO_NAME));
        assertThat(replies)
                .extracting(r -> r.content().isReadable() ? r.content().getShort(0) : -1)
                .extracting(n -> (int) n)
                .containsExactly(Nbd.INFO_EXPORT, Nbd.INFO_BLOCK_SIZE, Nbd.INFO_NAME, Nbd.INFO_DESCRIPTION, -1);
        ByteBuf export = replies.get(0).content();
        assertThat(export.getLong(2)).isEqualTo(ARCHIVE.sizeBytes());
        int mutating = Nbd.FLAG_SEND_TRIM | Nbd.FLAG_SEND_WRITE_ZEROES | Nbd.FLAG_SEND_FAST_ZERO;
        assertThat(export.getUnsignedShort(10) & (mutating | Nbd.FLAG_READ_ONLY))
                .isEqualTo(Nbd.FLAG_READ_ONLY);
        ByteBuf sizes = replies.get(1).content();
        assertThat(List.of(sizes.getInt(2), sizes.getInt(6), sizes.getInt(10))).containsExactly(512, 4096, 32 << 20);
        assertThat(handshake.state()).isEqualTo(Handshake.State.OPTIONS);
        assertThat(askOnce(Nbd.OPT_INFO, info("nobody"))).isEqualTo(Nbd.REP_ERR_UNKNOWN);
    }

    @Test
    void shouldChooseTheFirstExportByTheEmptyName() throws ProtocolException {
        flags(3);
        assertThat(ask(Nbd.OPT_GO, info(""))).last().extracting(Reply::type).isEqualTo(Nbd.REP_ACK);
        assertThat(handshake.negotiated().export()).isEqualTo(DISK);
    }

    @Test
    void shouldRefuseDataWhereThereIsNone() throws ProtocolException {
        flags(3);
        for (int option :
                new int[] {Nbd.OPT_LIST, Nbd.OPT_STARTTLS, Nbd.OPT_STRUCTURED_REPLY, Nbd.OPT_EXTENDED_HEADERS}) {
            assertThat(askOnce(option, Unpooled.buffer().writeByte(0))).isEqualTo(Nbd.REP_ERR_INVALID);
        }
        assertThat(askOnce(Nbd.OPT_STARTTLS, Unpooled.EMPTY_BUFFER)).isEqualTo(Nbd.REP_ERR_POLICY);
        assertThat(askOnce(Nbd.OPT_GO, info("disk").writeByte(0))).isEqualTo(Nbd.REP_ERR_INVALID);
        assertThat(askOnce(4, Unpooled.buffer().writeByte(0))).isEqualTo(Nbd.REP_ERR_UNSUP);
        // The refused option has changed nothing.
        feed(option(Nbd.OPT_EXPORT_NAME, text("disk")));
        assertThat(handshake.negotiated().mode()).isEqualTo(ReplyMode.SIMPLE);
    }

    @Test
    void shouldSkipDataOfAnySizeWithoutKeepingIt() throws ProtocolException {
        flags(3);
        long announced = 0xffff_ffffL;
        feed(Unpooled.buffer().writeLong(Nbd.IHAVEOPT).writeInt(Nbd.OPT_INFO).writeInt((int) announced));
        ByteBuf piece = Unpooled.wrappedBuffer(new byte[1 << 20]);
        for (long left = announced; left > 0; left -= Math.min(left, piece.capacity())) {
            assertThat(out.isReadable()).isFalse();
            feed(piece.setIndex(0, (int) Math.min(left, piece.capacity())));
            assertThat(piece.isReadable()).isFalse();
        }
        assertThat(out.getInt(12)).isEqualTo(Nbd.REP_ERR_TOO_BIG);
        out.clear();
        assertThat(ask(Nbd.OPT_GO, info("disk"))).isNotEmpty();
    }

    @Test
    void shouldAcknowledgeAnAbortWhateverComesWithIt() throws ProtocolException {
        flags(3);
        assertThat(askOnce(Nbd.OPT_ABORT, text("why not"))).isEqualTo(Nbd.REP_ACK);
        assertThat(handshake.state()).isEqualTo(Handshake.State.ABORTED);
    }

    @Test
    void shouldLetExtendedHeadersTakePrecedence() throws ProtocolException {
        flags(3);
        assertThat(askOnce(Nbd.OPT_STRUCTURED_REPLY, Unpooled.EMPTY_BUFFER)).isEqualTo(Nbd.REP_ACK);
        assertThat(askOnce(Nbd.OPT_EXTENDED_HEADERS, Unpooled.EMPTY_BUFFER)).isEqualTo(Nbd.REP_ACK);
        assertThat(askOnce(Nbd.OPT_STRUCTURED_REPLY, Unpooled.EMPTY_BUFFER)).isEqualTo(Nbd.REP_ERR_EXT_HEADER_REQD);
        List<Reply> go = ask(Nbd.OPT_GO, info("disk"));
        assertThat(go.get(0).content().getUnsignedShort(10) & Nbd.FLAG_SEND_DF).isNotZero();
        assertThat(handshake.negotiated()).isEqualTo(new Negotiated(DISK, ReplyMode.EXTENDED, false));
    }

    @Test
    void shouldFindTheAllocationContextByNameAndForListingByWildcard() throws ProtocolException {
        flags(3);
        assertThat(askOnce(Nbd.OPT_LIST_META_CONTEXT, query("disk"))).isEqualTo(Nbd.REP_ERR_INVALID);
        assertThat(askOnce(Nbd.OPT_SET_META_CONTEXT, query("disk"))).isEqualTo(Nbd.REP_ERR_INVALID);
        assertThat(askOnce(Nbd.OPT_STRUCTURED_REPLY, Unpooled.EMPTY_BUFFER)).isEqualTo(Nbd.REP_ACK);
        for (String q : new String[] {"base:", Nbd.BASE_ALLOCATION}) {
            List<Reply> found = ask(Nbd.OPT_LIST_META_CONTEXT, query("disk", "x:y", q, q));
            assertThat(found).extracting(Reply::type).containsExactly(Nbd.REP_META_CONTEXT, Nbd.REP_ACK);
            assertThat(found.get(0).content().skipBytes(4).toString(StandardCharsets.UTF_8))
                    .isEqualTo(Nbd.BASE_ALLOCATION);
        }
        assertThat(ask(Nbd.OPT_LIST_META_CONTEXT, query("disk"))).hasSize(2);
        assertThat(askOnce(Nbd.OPT_LIST_META_CONTEXT, query("disk", "base:other")))
                .isEqualTo(Nbd.REP_ACK);
        assertThat(askOnce(Nbd.OPT_SET_META_CONTEXT, query("disk", "base:"))).isEqualTo(Nbd.REP_ACK);
        assertThat(askOnce(Nbd.OPT_SET_META_CONTEXT, query("disk"))).isEqualTo(Nbd.REP_ACK);
        assertThat(askOnce(Nbd.OPT_SET_META_CONTEXT, query("nobody", "base:allocation")))
                .isEqualTo(Nbd.REP_ERR_UNKNOWN);
    }

    private Negotiated afterSelecting(ByteBuf first, @org.jspecify.annotations.Nullable ByteBuf second)
            throws ProtocolException {
        flags(3);
        assertThat(askOnce(Nbd.OPT_STRUCTURED_REPLY, Unpooled.EMPTY_BUFFER)).isEqualTo(Nbd.REP_ACK);
        assertThat(ask(Nbd.OPT_SET_META_CONTEXT, first)).isNotEmpty();
        if (second != null) {
            assertThat(ask(Nbd.OPT_SET_META_CONTEXT, second)).isNotEmpty();
        }
        assertThat(ask(Nbd.OPT_GO, info("disk"))).isNotEmpty();
        return handshake.negotiated();
    }

    @Test
    void shouldSelectTheContextOfThisExportOnly() throws ProtocolException {
        assertThat(afterSelecting(query("disk", Nbd.BASE_ALLOCATION), null).allocation())
                .isTrue();
    }

    @Test
    void shouldForgetTheSelectionWhenTheNextOneIsTooLong() throws ProtocolException {
        ByteBuf tooLong = Unpooled.buffer().writeZero(Handshake.OPTION_BYTES_MAX + 1);
        assertThat(afterSelecting(query("disk", Nbd.BASE_ALLOCATION), tooLong).allocation())
                .isFalse();
    }

    @Test
    void shouldNotSelectTheContextOfAnotherExport() throws ProtocolException {
        assertThat(afterSelecting(query("archive", Nbd.BASE_ALLOCATION), null).allocation())
                .isFalse();
    }

    @Test
    void shouldForgetASelectionWithTheNextOneEvenIfThatIsMalformed() throws ProtocolException {
        ByteBuf malformed = string("disk").writeInt(2).writeBytes(string(Nbd.BASE_ALLOCATION));
        assertThat(afterSelecting(query("disk", Nbd.BASE_ALLOCATION), malformed).allocation())
                .isFalse();
    }

    @Test
    void shouldRefuseOptionsOnceTheServerStops() throws ProtocolException {
        flags(3).stop();
        assertThat(askOnce(Nbd.OPT_GO, info("disk"))).isEqualTo(Nbd.REP_ERR_SHUTDOWN);
        assertThat(askOnce(Nbd.OPT_LIST, Unpooled.EMPTY_BUFFER)).isEqualTo(Nbd.REP_ERR_SHUTDOWN);
        assertThatThrownBy(() -> feed(option(Nbd.OPT_EXPORT_NAME, text("disk"))))
                .isInstanceOf(ProtocolException.class);
    }

    @Test
    void shouldNotAnswerMoreThanIsTaken() throws ProtocolException {
        flags(3);
        ByteBuf in = Unpooled.buffer();
        for (int i = 0; i < 10_000; i++) {
            in.writeBytes(option(Nbd.OPT_LIST, Unpooled.EMPTY_BUFFER));
        }
        int rounds = 1;
        while (handshake.feed(in, out)) {
            assertThat(out.readableBytes()).isLessThan(2 * Handshake.REPLY_BYTES_MAX);
            out.clear();
            rounds++;
        }
        assertThat(rounds).isGreaterThan(5);
        assertThat(in.isReadable()).isFalse();
    }
}
