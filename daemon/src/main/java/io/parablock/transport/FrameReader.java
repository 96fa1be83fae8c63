package io.parablock.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.parablock.blockdev.store.AllocationRun;
import io.parablock.lookbehind.Extent;
import io.parablock.raft.InstallConfig;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import io.parablock.replica.StateCodec;
import io.parablock.replica.client.ClientMessage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Frames to messages: pure; every count is checked against the bytes that are there before anything is allocated. Payloads
 * are copied into buffers of their own, because slices would pin whole receive buffers for as long as the log needs them.
 */
public final class FrameReader {
    private static final int DEP_WORDS_MAX = 64;
    private static final int ENTRY_BYTES = 68;
    private static final long[] NO_DEP = new long[0];

    private final ByteBuf in;
    private final ByteBufAllocator alloc;
    private final FrameType type;
    private final int groupId;
    private final int metaEnd;
    private final int frameEnd;
    private int payloadAt;
    /** Payloads handed out so far: released if the rest of the frame is not sound. */
    private final List<ByteBuf> taken = new ArrayList<>();

    /**
     * @param frame one frame without its length field; not released here
     * @throws CodecException if the frame is not sound
     */
    public FrameReader(ByteBuf frame, ByteBufAllocator alloc) {
        this.in = frame;
        this.alloc = alloc;
        int start = frame.readerIndex() - FrameDescriptor.LENGTH_BYTES;
        frameEnd = frame.writerIndex();
        if (frame.readableBytes() < FrameDescriptor.BODY - FrameDescriptor.LENGTH_BYTES) {
            throw new CodecException("frame of " + frame.readableBytes() + " bytes");
        }
        int meta = frame.getIntLE(start + FrameDescriptor.META_BYTES);
        if (meta < FrameDescriptor.BODY - FrameDescriptor.META || meta > frameEnd - start - FrameDescriptor.META) {
            throw new CodecException("bad meta length " + meta);
        }
        metaEnd = start + FrameDescriptor.META + meta;
        if (FrameWriter.crc(frame, start + FrameDescriptor.META_BYTES, meta + 4)
                != frame.getIntLE(start + FrameDescriptor.CRC)) {
            throw new CodecException("frame CRC");
        }
        type = FrameType.ofCode(frame.getUnsignedByte(start + FrameDescriptor.TYPE));
        groupId = frame.getIntLE(start + FrameDescriptor.GROUP);
        frame.readerIndex(start + FrameDescriptor.BODY);
        payloadAt = metaEnd;
    }

    FrameType type() {
        return type;
    }

    int groupId() {
        return groupId;
    }

    // ---------------------------------------------------------------- primitives

    private void need(long bytes) {
        if (bytes < 0 || bytes > metaEnd - in.readerIndex()) {
            throw new CodecException("truncated " + type);
        }
    }

    long i64() {
        need(8);
        return in.readLongLE();
    }

    int i32() {
        need(4);
        return in.readIntLE();
    }

    int u16() {
        need(2);
        return in.readUnsignedShortLE();
    }

    private int u8() {
        need(1);
        return in.readUnsignedByte();
    }

    boolean flag() {
        return u8() != 0;
    }

    int count(int elementBytes) {
        int n = i32();
        if (n < 0) {
            throw new CodecException("negative count in " + type);
        }
        need((long) n * elementBytes);
        return n;
    }

    String text(int bytesMax) {
        int n = u16();
        if (n > bytesMax) {
            throw new CodecException("text of " + n + " bytes");
        }
        need(n);
        return in.readCharSequence(n, StandardCharsets.UTF_8).toString();
    }

    private EntryKind kind() {
        try {
            return EntryKind.ofCode((byte) u8());
        } catch (IllegalArgumentException e) {
            throw new CodecException(String.valueOf(e.getMessage()));
        }
    }

    private ClientMessage.Status status() {
        int code = u8();
        ClientMessage.Status[] all = ClientMessage.Status.values();
        if (code >= all.length) {
            throw new CodecException("unknown status " + code);
        }
        return all[code];
    }

    /** The next payload, checked against its CRC; its reference belongs to the caller. */
    private @Nullable ByteBuf payload(int length, int crc) {
        if (length == 0) {
            return null;
        }
        if (length < 0 || length > frameEnd - payloadAt) {
            throw new CodecException("payload of " + length + " bytes is not in the frame");
        }
        if (FrameWriter.crc(in, payloadAt, length) != crc) {
            throw new CodecException("payload CRC");
        }
        ByteBuf p = alloc.directBuffer(length, length);
        p.writeBytes(in, payloadAt, length);
        payloadAt += length;
        taken.add(p);
        return p;
    }

    // ---------------------------------------------------------------- messages

    String refusal() {
        return text(Hello.TEXT_BYTES_MAX);
    }

    /** Nothing may follow what was understood: it would be covered by no check. */
    void requireEnd() {
        if (in.readerIndex() != metaEnd || payloadAt != frameEnd) {
            throw new CodecException("bytes left over in " + type);
        }
    }

    /**
     * References of payloads pass to the caller; after an exception none is held.
     *
     * @throws CodecException if the frame is not a sound message between cores
     */
    public Message message() {
        return whole(() -> coreMessage(i64()));
    }

    private <T> T whole(Supplier<T> body) {
        boolean sound = false;
        try {
            T m = body.get();
            requireEnd();
            sound = true;
            return m;
        } catch (IllegalArgumentException e) {
            throw new CodecException(String.valueOf(e.getMessage()));
        } finally {
            if (!sound) {
                taken.forEach(ByteBuf::release);
                taken.clear();
            }
        }
    }

    private Message coreMessage(long term) {
        return switch (type) {
            case PRE_VOTE -> new Message.PreVote(term, i64(), i64(), flag());
            case PRE_VOTE_REPLY -> new Message.PreVoteReply(term, i64(), flag(), flag(), flag());
            case VOTE -> new Message.Vote(term, i64(), i64(), flag(), flag());
            case VOTE_REPLY ->
                new Message.VoteReply(
                        term, flag(), i64(), i64(), i64(), i64(), i64(), slotRuns(), crcs(), slotRuns(), slotRuns());
            case SYNC_BEGIN -> new Message.SyncBegin(term, i64(), i64(), originRuns(), slotRuns());
            case SYNC_ACK -> new Message.SyncAck(term);
            case SYNC_REQUEST -> new Message.SyncRequest(term);
            case APPEND -> append(term);
            case APPEND_ACK -> {
                long round = i64();
                long contig = i64();
                long limit = i64();
                yield new Message.AppendAck(term, slotRuns(), round, contig, limit);
            }
            case HEARTBEAT -> new Message.Heartbeat(term, i64(), commit());
            case HEARTBEAT_ACK -> new Message.HeartbeatAck(term, i64(), i64(), i64(), i64(), i64(), flag());
            case FETCH -> new Message.Fetch(term, originRuns());
            case ENTRIES -> new Message.Entries(term, entries());
            case FORCE -> new Message.Force(term, i64(), i64());
            case FORCE_ACK -> new Message.ForceAck(term, i64());
            case TERM_REFUSAL -> new Message.TermRefusal(term);
            case TIMEOUT_NOW -> new Message.TimeoutNow(term);
            case GIVE_UP_DISK -> new Message.GiveUpDisk(term, i32(), i64());
            case INSTALL_REQUEST -> new Message.InstallRequest(term, i64(), i64());
            case INSTALL_BEGIN -> installBegin(term);
            case INSTALL_EXTENT -> installExtent(term);
            case INSTALL_END -> new Message.InstallEnd(term, i64(), i64());
            case INSTALL_ACK -> new Message.InstallAck(term, i64(), i64(), flag());
            case CURE_REQUEST -> new Message.CureRequest(term, i64(), i64());
            case CURE -> new Message.Cure(term, i64(), i64(), i64());
            case BLOCK_FETCH -> blockFetch(term);
            case BLOCK_REPLY -> blockReply(term);
            default -> throw new CodecException("unexpected " + type);
        };
    }

    private List<Integer> crcs() {
        int n = count(4);
        List<Integer> crcs = new ArrayList<>(n);
        for (int i = 0; i < n; i++) {
            crcs.add(i32());
        }
        return crcs;
    }

    private Message installBegin(long term) {
        long id = i64();
        long storeBytes = i64();
        int pieceBytes = i32();
        byte[] image = new byte[count(1)];
        in.readBytes(image);
        if (storeBytes < 0 || pieceBytes < 1 || pieceBytes > InstallConfig.PIECE_BYTES_MAX) {
            throw new CodecException("install of " + storeBytes + " bytes in pieces of " + pieceBytes);
        }
        try {
            return new Message.InstallBegin(term, id, storeBytes, pieceBytes, StateCodec.decodeCheckpoint(image));
        } catch (StateCodec.MalformedStateException e) {
            throw new CodecException(String.valueOf(e.getMessage()));
        }
    }

    private Message installExtent(long term) {
        long id = i64();
        long offset = i64();
        int length = i32();
        int crc = i32();
        boolean hole = flag();
        if (offset < 0 || length < 1 || length > InstallConfig.PIECE_BYTES_MAX) {
            throw new CodecException("piece " + offset + "+" + length);
        }
        int ranges = count(16);
        List<Message.ByteRange> damaged = new ArrayList<>(ranges);
        for (int i = 0; i < ranges; i++) {
            Message.ByteRange r = new Message.ByteRange(i64(), i64());
            boolean inside = r.offsetBytes() >= offset
                    && r.lengthBytes() > 0
                    && r.lengthBytes() <= length
                    && r.offsetBytes() - offset <= length - r.lengthBytes()
                    && (r.offsetBytes() | r.lengthBytes()) % Extent.SECTOR_BYTES == 0;
            if (!inside) {
                throw new CodecException("damage " + r + " in piece " + offset + "+" + length);
            }
            damaged.add(r);
        }
        return new Message.InstallExtent(term, id, offset, length, crc, hole ? null : payload(length, crc), damaged);
    }

    private Message blockFetch(long term) {
        long id = i64();
        long offset = i64();
        int length = i32();
        if (offset < 0 || length < 1 || length > Message.BLOCK_BYTES_MAX) {
            throw new CodecException("blocks " + offset + "+" + length);
        }
        return new Message.BlockFetch(term, id, offset, length);
    }

    private Message blockReply(long term) {
        long id = i64();
        long offset = i64();
        int length = i32();
        int outcome = u8();
        Message.BlockOutcome[] outcomes = Message.BlockOutcome.values();
        if (outcome >= outcomes.length) {
            throw new CodecException("unknown outcome " + outcome);
        }
        long applied = i64();
        long reach = i64();
        int crc = i32();
        int bytes = i32();
        if (offset < 0 || length < 1 || length > Message.BLOCK_BYTES_MAX || (bytes != 0 && bytes != length)) {
            throw new CodecException("blocks " + offset + "+" + length + " of " + bytes + " bytes");
        }
        return new Message.BlockReply(
                term, id, offset, length, outcomes[outcome], applied, reach, crc, payload(bytes, crc));
    }

    private Message append(long term) {
        long first = i64();
        long round = i64();
        long[] lookBehind = new long[count(8)];
        for (int i = 0; i < lookBehind.length; i++) {
            lookBehind[i] = i64();
        }
        Message.CommitNotice commit = commit();
        return new Message.Append(term, entries(), first, lookBehind, round, commit);
    }

    private Message.CommitNotice commit() {
        long watermark = i64();
        long floor = i64();
        return new Message.CommitNotice(watermark, slotRuns(), floor);
    }

    private List<Long> longs() {
        int n = count(8);
        List<Long> out = new ArrayList<>(n);
        for (int i = 0; i < n; i++) {
            out.add(i64());
        }
        return out;
    }

    private List<SlotRun> slotRuns() {
        int n = count(16);
        List<SlotRun> runs = new ArrayList<>(n);
        for (int i = 0; i < n; i++) {
            runs.add(new SlotRun(i64(), i64()));
        }
        return runs;
    }

    private List<OriginRun> originRuns() {
        int n = count(24);
        List<OriginRun> runs = new ArrayList<>(n);
        for (int i = 0; i < n; i++) {
            runs.add(new OriginRun(i64(), i64(), i64()));
        }
        return runs;
    }

    private List<Entry> entries() {
        int n = count(ENTRY_BYTES);
        List<Entry> out = new ArrayList<>(n);
        for (int i = 0; i < n; i++) {
            out.add(entry());
        }
        return out;
    }

    private Entry entry() {
        long slot = i64();
        long origin = i64();
        EntryKind kind = kind();
        u8();
        int depWords = u16();
        if (depWords > DEP_WORDS_MAX || slot < 1 || origin < 1) {
            throw new CodecException("bad entry");
        }
        long offset = i64();
        long length = i64();
        long session = i64();
        long seq = i64();
        long lowest = i64();
        int crc = i32();
        int payloadLength = i32();
        need(8L * depWords);
        long[] dep = depWords == 0 ? NO_DEP : new long[depWords];
        for (int i = 0; i < depWords; i++) {
            dep[i] = i64();
        }
        boolean carries = kind == EntryKind.WRITE;
        if (length < 0 || (carries ? payloadLength != length : payloadLength != 0)) {
            throw new CodecException("entry with " + payloadLength + " payload bytes for " + length);
        }
        Entry e = new Entry(slot, origin, kind, offset, length, session, seq, lowest, crc, payloadLength, dep);
        e.payload = payload(payloadLength, crc);
        return e;
    }

    /** See {@link #message}. */
    ClientMessage client() {
        return whole(this::clientMessage);
    }

    private ClientMessage clientMessage() {
        return switch (type) {
            case OPEN_SESSION -> new ClientMessage.OpenSession(i64(), i64());
            case SESSION_OPENED -> new ClientMessage.SessionOpened(i64(), i64(), status(), i32());
            case CLOSE_SESSION -> new ClientMessage.CloseSession(i64());
            case KEEP_ALIVE -> new ClientMessage.KeepAlive(i64(), i64(), longs());
            case MUTATE -> mutate();
            case MUTATE_REPLY -> new ClientMessage.MutateReply(i64(), i64(), status(), i32());
            case READ -> new ClientMessage.Read(i64(), i64(), i32());
            case READ_REPLY -> readReply();
            case FLUSH -> new ClientMessage.Flush(i64());
            case FLUSH_REPLY -> new ClientMessage.FlushReply(i64(), status(), i32());
            case ALLOCATION -> new ClientMessage.Allocation(i64(), i64(), i64());
            case ALLOCATION_REPLY -> new ClientMessage.AllocationReply(i64(), status(), i32(), allocationRuns());
            case PREFETCH -> new ClientMessage.Prefetch(i64(), i64(), i64());
            case PREFETCH_REPLY -> new ClientMessage.PrefetchReply(i64(), status(), i32());
            case LEADER -> new ClientMessage.LeaderNotice(i64(), flag(), i64());
            default -> throw new CodecException("unexpected " + type);
        };
    }

    private List<AllocationRun> allocationRuns() {
        int n = count(FrameDescriptor.ALLOCATION_RUN_BYTES);
        if (n > ClientMessage.AllocationReply.RUNS_MAX) {
            throw new CodecException(n + " runs");
        }
        List<AllocationRun> runs = new ArrayList<>(n);
        for (int i = 0; i < n; i++) {
            AllocationRun run = new AllocationRun(i64(), flag());
            if (run.lengthBytes() <= 0) {
                throw new CodecException("run of " + run.lengthBytes() + " bytes");
            }
            runs.add(run);
        }
        return runs;
    }

    private ClientMessage mutate() {
        long session = i64();
        long seq = i64();
        long lowest = i64();
        EntryKind kind = kind();
        boolean fua = flag();
        long offset = i64();
        long length = i64();
        int crc = i32();
        int payloadLength = i32();
        if (kind == EntryKind.WRITE ? payloadLength != length || length == 0 : payloadLength != 0) {
            throw new CodecException("request with " + payloadLength + " payload bytes for " + length);
        }
        return new ClientMessage.Mutate(
                session, seq, lowest, kind, offset, length, fua, crc, payload(payloadLength, crc));
    }

    private ClientMessage readReply() {
        long requestId = i64();
        ClientMessage.Status status = status();
        int hint = i32();
        int crc = i32();
        int length = i32();
        return new ClientMessage.ReadReply(requestId, status, hint, length <= 0 ? null : payload(length, crc));
    }
}
