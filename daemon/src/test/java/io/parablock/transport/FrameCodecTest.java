package io.parablock.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.parablock.blockdev.store.AllocationRun;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.Checkpoint;
import io.parablock.replica.client.ClientMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Every message survives the wire; nothing that is not a frame does. */
class FrameCodecTest {
    private static final ByteBufAllocator ALLOC = PooledByteBufAllocator.DEFAULT;

    private static Entry entry(long slot, EntryKind kind, int length, long[] dep) {
        byte[] bytes = new byte[length];
        new Random(slot).nextBytes(bytes);
        ByteBuf p = Unpooled.wrappedBuffer(bytes);
        int crc = length == 0 ? 0 : FrameWriter.crc(p, 0, length);
        boolean write = kind == EntryKind.WRITE;
        Entry e = new Entry(slot, 3, kind, 512 * slot, write ? length : 8192, 9, slot, 1, crc, length, dep);
        e.payload = write ? p : null;
        return e;
    }

    private static List<Message> messages() {
        List<SlotRun> slots = List.of(new SlotRun(1, 5), new SlotRun(9, 9));
        List<OriginRun> origins = List.of(new OriginRun(1, 5, 2), new OriginRun(6, 9, 3));
        Message.CommitNotice commit = new Message.CommitNotice(44, slots, 7);
        List<Entry> entries = List.of(
                entry(10, EntryKind.WRITE, 4096, new long[0]),
                entry(11, EntryKind.TRIM, 0, new long[0]),
                entry(12, EntryKind.WRITE, 512, new long[0]));
        List<Entry> stored = List.of(entry(10, EntryKind.WRITE, 512, new long[] {5, -1}));
        return List.of(
                new Message.PreVote(5, 4, 3, false),
                new Message.PreVote(5, 4, 3, true),
                new Message.PreVoteReply(0, 6, true, false, false),
                new Message.PreVoteReply(0, 6, false, true, false),
                new Message.PreVoteReply(0, 6, false, false, true),
                new Message.Vote(5, 4, 3, false, false),
                new Message.Vote(5, 4, 3, true, false),
                new Message.Vote(5, 4, 3, false, true),
                new Message.TimeoutNow(5),
                new Message.GiveUpDisk(5, 3, -77L),
                new Message.VoteReply(5, true, 4, 3, 2, 1, 9, slots, List.of(7, -8), slots, List.of(new SlotRun(9, 9))),
                new Message.SyncBegin(5, 9, 2, origins, slots),
                new Message.SyncAck(5),
                new Message.SyncRequest(5),
                new Message.Append(5, entries, 8, new long[] {0, 512, 1024, -1}, 77, commit),
                new Message.AppendAck(5, slots, 77, 12, 99),
                new Message.Heartbeat(5, 78, commit),
                new Message.HeartbeatAck(5, 78, 4, 3, 2, 1, false),
                new Message.HeartbeatAck(5, 78, 4, 3, 2, 1, true),
                new Message.Fetch(5, origins),
                new Message.Entries(5, stored),
                new Message.Force(5, 6, 7),
                new Message.ForceAck(5, 6),
                new Message.TermRefusal(5),
                new Message.InstallRequest(5, 6, 7),
                new Message.InstallBegin(
                        5,
                        6,
                        1 << 30,
                        4096,
                        new Checkpoint(9, List.of(new OriginRun(1, 9, 3)), List.of(), 8, 12, true)),
                new Message.InstallExtent(5, 6, 8192, 4096, 0, null),
                new Message.InstallEnd(5, 6, 7),
                new Message.InstallAck(5, 6, 1L << 40, true),
                new Message.CureRequest(5, -6, 7),
                new Message.Cure(5, -6, 0, 1L << 40));
    }

    private static List<ClientMessage> clientMessages() {
        ByteBuf p = Unpooled.wrappedBuffer(new byte[] {1, 2, 3, 4});
        return List.of(
                new ClientMessage.OpenSession(7, 8),
                new ClientMessage.SessionOpened(8, 9, ClientMessage.Status.OK, 2),
                new ClientMessage.CloseSession(9),
                new ClientMessage.KeepAlive(7, 99, List.of(90L, 98L)),
                new ClientMessage.KeepAlive(7, 99, List.of()),
                new ClientMessage.Mutate(1, 2, 1, EntryKind.WRITE, 512, 4, true, FrameWriter.crc(p, 0, 4), p),
                new ClientMessage.Mutate(1, 3, 1, EntryKind.TRIM, 512, 4096, false, 0, null),
                new ClientMessage.MutateReply(1, 2, ClientMessage.Status.NOT_LEADER, 3),
                new ClientMessage.Read(4, 512, 4096),
                new ClientMessage.ReadReply(4, ClientMessage.Status.OK, 0, p),
                new ClientMessage.ReadReply(4, ClientMessage.Status.IO_ERROR, 0, null),
                new ClientMessage.Flush(5),
                new ClientMessage.FlushReply(5, ClientMessage.Status.OK, 1),
                new ClientMessage.Allocation(6, 512, 1L << 40),
                new ClientMessage.AllocationReply(
                        6,
                        ClientMessage.Status.OK,
                        1,
                        List.of(new AllocationRun(512, true), new AllocationRun(1L << 39, false))),
                new ClientMessage.AllocationReply(6, ClientMessage.Status.NOT_LEADER, 2, List.of()),
                new ClientMessage.Prefetch(7, 512, 1L << 30),
                new ClientMessage.PrefetchReply(7, ClientMessage.Status.IO_ERROR, 1));
    }

    private static Object decode(ByteBuf frame) {
        ByteBuf body = frame.slice(4, frame.readableBytes() - 4);
        FrameReader r = new FrameReader(body, ALLOC);
        return r.type().isClient() ? r.client() : r.message();
    }

    private static void release(Object message) {
        List<Entry> entries = message instanceof Message.Append a
                ? a.entries()
                : message instanceof Message.Entries e ? e.entries() : List.of();
        for (Entry e : entries) {
            if (e.payload instanceof ByteBuf p) {
                p.release();
            }
        }
        if (message instanceof ClientMessage.Mutate m && m.payload() != null) {
            m.payload().release();
        }
        if (message instanceof ClientMessage.ReadReply m && m.payload() != null) {
            m.payload().release();
        }
    }

    private static List<ByteBuf> frames() {
        List<ByteBuf> frames = new ArrayList<>();
        for (Message m : messages()) {
            frames.add(FrameWriter.message(ALLOC, 6, m));
        }
        for (ClientMessage m : clientMessages()) {
            frames.add(FrameWriter.client(ALLOC, 6, m));
        }
        return frames;
    }

    @Test
    void shouldBringEveryMessageAcross() {
        List<Object> all = new ArrayList<>(messages());
        all.addAll(clientMessages());
        List<ByteBuf> frames = frames();
        for (int i = 0; i < all.size(); i++) {
            Object back = decode(frames.get(i));
            assertThat(back)
                    .usingRecursiveComparison()
                    .withEqualsForType((a, b) -> a.equals(b), ByteBuf.class)
                    .ignoringFieldsOfTypes(ByteBuf.class)
                    .isEqualTo(all.get(i));
            if (back instanceof Message.Append a) {
                assertThat(a.entries().get(0).payload)
                        .isEqualTo(((Message.Append) all.get(i)).entries().get(0).payload);
            }
            release(back);
            frames.get(i).release();
        }
    }

    @Test
    void shouldRefuseEveryFrameWithAFlippedByteOrACutEnd() {
        for (ByteBuf frame : frames()) {
            for (int i = 4; i < frame.writerIndex(); i += i < 200 ? 1 : 97) {
                byte old = frame.getByte(i);
                frame.setByte(i, old ^ 0x41);
                assertThatThrownBy(() -> release(decode(frame))).isInstanceOf(CodecException.class);
                frame.setByte(i, old);
                ByteBuf cut = frame.slice(0, i);
                assertThatThrownBy(() -> release(decode(cut))).isInstanceOf(CodecException.class);
            }
            frame.release();
        }
    }

    @Test
    void shouldRefuseRandomBytes() {
        Random random = new Random(11);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[16 + random.nextInt(200)];
            random.nextBytes(bytes);
            ByteBuf b = Unpooled.wrappedBuffer(bytes);
            b.setIntLE(8, random.nextInt(bytes.length));
            if (random.nextBoolean()) {
                int meta = bytes.length - 12;
                b.setIntLE(8, meta);
                b.setByte(12, random.nextInt(30));
                b.setIntLE(4, FrameWriter.crc(b, 8, meta + 4));
            }
            try {
                release(decode(b));
            } catch (CodecException e) {
                assertThat(e).hasMessageNotContaining("null");
            }
        }
    }

    @Test
    void shouldReleaseThePayloadsOfAFrameWithBytesLeftOver() {
        List<ByteBuf> handedOut = new ArrayList<>();
        ByteBufAllocator counting = new PooledByteBufAllocator(true) {
            @Override
            public ByteBuf directBuffer(int initialCapacity, int maxCapacity) {
                ByteBuf b = super.directBuffer(initialCapacity, maxCapacity);
                handedOut.add(b);
                return b;
            }
        };
        int expected = 0;
        for (ByteBuf frame : frames()) {
            ByteBuf longer = Unpooled.copiedBuffer(frame, Unpooled.wrappedBuffer(new byte[1]));
            FrameReader r = new FrameReader(longer.slice(4, longer.readableBytes() - 4), counting);
            assertThatThrownBy(() -> {
                        if (r.type().isClient()) {
                            r.client();
                        } else {
                            r.message();
                        }
                    })
                    .isInstanceOf(CodecException.class)
                    .hasMessageContaining("left over");
            frame.release();
            expected++;
        }
        assertThat(expected).isEqualTo(messages().size() + clientMessages().size());
        assertThat(handedOut).hasSize(5).allMatch(b -> b.refCnt() == 0);
    }

    @Test
    void shouldNotWriteAnEntryWithoutItsPayload() {
        Entry e = entry(10, EntryKind.WRITE, 512, new long[0]);
        e.payload = null;
        assertThatThrownBy(() -> FrameWriter.message(ALLOC, 1, new Message.Entries(5, List.of(e))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0 payload bytes of 512");
    }
}
