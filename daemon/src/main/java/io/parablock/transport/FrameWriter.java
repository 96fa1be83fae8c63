package io.parablock.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import io.parablock.blockdev.store.AllocationRun;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import io.parablock.replica.StateCodec;
import io.parablock.replica.client.ClientMessage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Messages to frames. Stateless. Payloads are not copied: a frame is its head and a slice of each payload's own buffer, gathered
 * when it is written, so that all peers share one reference-counted buffer (architecture.md, decision 4).
 */
public final class FrameWriter {
    private static final int INITIAL_BYTES = 256;
    private static final int ENTRY_BODY_BYTES = 128;

    private FrameWriter() {}

    static ByteBuf hello(ByteBufAllocator alloc, Hello h) {
        ByteBuf out = begin(alloc, FrameType.HELLO, 0, 0);
        out.writeLongLE(Hello.MAGIC).writeShortLE(Hello.VERSION);
        text(out, h.clusterId());
        out.writeIntLE(h.sender()).writeIntLE(h.target()).writeLongLE(h.boot()).writeIntLE(h.lane());
        Map<Integer, Long> members = h.standing().members();
        out.writeLongLE(h.standing().incarnation()).writeIntLE(members.size());
        members.forEach((id, incarnation) -> out.writeIntLE(id).writeLongLE(incarnation));
        out.writeIntLE(h.standing().changed().size());
        h.standing()
                .changed()
                .forEach((id, seat) ->
                        out.writeIntLE(id).writeIntLE(seat.generation()).writeLongLE(seat.incarnation()));
        return end(out);
    }

    static ByteBuf helloOk(ByteBufAllocator alloc) {
        return end(begin(alloc, FrameType.HELLO_OK, 0, 0));
    }

    static ByteBuf notYet(ByteBufAllocator alloc) {
        return end(begin(alloc, FrameType.NOT_YET, 0, 0));
    }

    /** @param ask for an answer of the same type */
    static ByteBuf alive(ByteBufAllocator alloc, boolean ask) {
        return end(begin(alloc, FrameType.ALIVE, 0, 0).writeBoolean(ask));
    }

    static ByteBuf refused(ByteBufAllocator alloc, String why) {
        ByteBuf out = begin(alloc, FrameType.REFUSED, 0, 0);
        text(out, why);
        return end(out);
    }

    static void text(ByteBuf out, String s) {
        byte[] bytes = s.getBytes(StandardCharsets.UTF_8);
        out.writeShortLE(bytes.length).writeBytes(bytes);
    }

    static ByteBuf begin(ByteBufAllocator alloc, FrameType type, int groupId, int bodyBytes) {
        ByteBuf out = alloc.directBuffer(INITIAL_BYTES + bodyBytes);
        out.writeZero(FrameDescriptor.META);
        out.writeByte(type.ordinal()).writeZero(3).writeIntLE(groupId);
        return out;
    }

    /** Everything so far is meta. */
    static ByteBuf end(ByteBuf out) {
        int meta = out.writerIndex() - FrameDescriptor.META;
        out.setIntLE(FrameDescriptor.META_BYTES, meta);
        out.setIntLE(FrameDescriptor.CRC, crc(out, FrameDescriptor.META_BYTES, meta + 4));
        out.setIntLE(0, out.writerIndex() - FrameDescriptor.LENGTH_BYTES);
        return out;
    }

    static int crc(ByteBuf b, int index, int length) {
        CRC32C crc = new CRC32C();
        crc.update(b.nioBuffer(index, length));
        return (int) crc.getValue();
    }

    /** Takes the head's reference; each payload is retained until the frame is released. */
    private static ByteBuf withPayloads(ByteBufAllocator alloc, ByteBuf head, List<ByteBuf> payloads) {
        if (payloads.isEmpty()) {
            return head;
        }
        CompositeByteBuf out = alloc.compositeDirectBuffer(payloads.size() + 1);
        out.addComponent(true, head);
        for (ByteBuf p : payloads) {
            out.addComponent(true, p.retainedSlice());
        }
        out.setIntLE(0, out.readableBytes() - FrameDescriptor.LENGTH_BYTES);
        return out;
    }

    /** The shell has loaded every payload: a frame whose entry says more bytes than it carries is never made. */
    private static List<ByteBuf> payloads(List<Entry> entries) {
        List<ByteBuf> out = new ArrayList<>(entries.size());
        for (int i = 0; i < entries.size(); i++) {
            Entry e = entries.get(i);
            ByteBuf p = e.payload instanceof ByteBuf b ? b : null;
            int bytes = p == null ? 0 : p.readableBytes();
            if (bytes != e.payloadLength()) {
                throw new IllegalArgumentException(e + " has " + bytes + " payload bytes of " + e.payloadLength());
            }
            if (p != null && bytes > 0) {
                out.add(p);
            }
        }
        return out;
    }

    // ---------------------------------------------------------------- core messages

    /**
     * One frame, its length field included; its reference is the caller's.
     *
     * @throws IllegalArgumentException if an entry does not have the payload that it says
     */
    public static ByteBuf message(ByteBufAllocator alloc, int groupId, Message message) {
        FrameType type = typeOf(message);
        List<Entry> entries = List.of();
        if (message instanceof Message.Append m) {
            entries = m.entries();
        } else if (message instanceof Message.Entries m) {
            entries = m.entries();
        }
        List<ByteBuf> payloads = payloads(entries);
        if (message instanceof Message.InstallExtent m && m.payload() instanceof ByteBuf piece) {
            payloads.add(piece);
        } else if (message instanceof Message.BlockReply m && m.payload() instanceof ByteBuf blocks) {
            payloads.add(blocks);
        }
        ByteBuf out = begin(alloc, type, groupId, entries.size() * ENTRY_BODY_BYTES);
        out.writeLongLE(message.term());
        if (message instanceof Message.Install m) {
            installBody(out, m);
        } else if (message instanceof Message.Block m) {
            blockBody(out, m);
        } else {
            body(out, message);
        }
        return withPayloads(alloc, end(out), payloads);
    }

    static FrameType typeOf(Message m) {
        if (m instanceof Message.PreVote) {
            return FrameType.PRE_VOTE;
        } else if (m instanceof Message.PreVoteReply) {
            return FrameType.PRE_VOTE_REPLY;
        } else if (m instanceof Message.Vote) {
            return FrameType.VOTE;
        } else if (m instanceof Message.VoteReply) {
            return FrameType.VOTE_REPLY;
        } else if (m instanceof Message.SyncBegin) {
            return FrameType.SYNC_BEGIN;
        } else if (m instanceof Message.SyncAck) {
            return FrameType.SYNC_ACK;
        } else if (m instanceof Message.SyncRequest) {
            return FrameType.SYNC_REQUEST;
        } else if (m instanceof Message.Append) {
            return FrameType.APPEND;
        } else if (m instanceof Message.AppendAck) {
            return FrameType.APPEND_ACK;
        } else if (m instanceof Message.Heartbeat) {
            return FrameType.HEARTBEAT;
        } else if (m instanceof Message.HeartbeatAck) {
            return FrameType.HEARTBEAT_ACK;
        } else if (m instanceof Message.Fetch) {
            return FrameType.FETCH;
        } else if (m instanceof Message.Entries) {
            return FrameType.ENTRIES;
        } else if (m instanceof Message.Force) {
            return FrameType.FORCE;
        } else if (m instanceof Message.ForceAck) {
            return FrameType.FORCE_ACK;
        } else if (m instanceof Message.TimeoutNow) {
            return FrameType.TIMEOUT_NOW;
        } else if (m instanceof Message.GiveUpDisk) {
            return FrameType.GIVE_UP_DISK;
        } else if (m instanceof Message.Install i) {
            return typeOfInstall(i);
        } else if (m instanceof Message.CureRequest) {
            return FrameType.CURE_REQUEST;
        } else if (m instanceof Message.Cure) {
            return FrameType.CURE;
        } else if (m instanceof Message.Block b) {
            return b instanceof Message.BlockFetch ? FrameType.BLOCK_FETCH : FrameType.BLOCK_REPLY;
        }
        return FrameType.TERM_REFUSAL;
    }

    private static void body(ByteBuf out, Message message) {
        if (message instanceof Message.PreVote m) {
            out.writeLongLE(m.syncTerm()).writeLongLE(m.contigPrefix()).writeBoolean(m.everyVoter());
        } else if (message instanceof Message.PreVoteReply m) {
            out.writeLongLE(m.proposedTerm()).writeBoolean(m.granted());
            out.writeBoolean(m.everyVoter()).writeBoolean(m.amnesiac());
        } else if (message instanceof Message.Vote m) {
            out.writeLongLE(m.syncTerm()).writeLongLE(m.contigPrefix());
            out.writeBoolean(m.transfer()).writeBoolean(m.everyVoter());
        } else if (message instanceof Message.VoteReply m) {
            out.writeBoolean(m.granted()).writeLongLE(m.syncTerm()).writeLongLE(m.mSync());
            out.writeLongLE(m.logBase()).writeLongLE(m.appliedPrefix()).writeLongLE(m.commitWatermark());
            slotRuns(out, m.present());
            out.writeIntLE(m.presentCrcs().size());
            for (int crc : m.presentCrcs()) {
                out.writeIntLE(crc);
            }
            slotRuns(out, m.unknown());
            slotRuns(out, m.unknownAboveD());
        } else if (message instanceof Message.SyncBegin m) {
            out.writeLongLE(m.m()).writeLongLE(m.leaderLogBase());
            originRuns(out, m.runs());
            slotRuns(out, m.noops());
        } else if (message instanceof Message.Append m) {
            out.writeLongLE(m.lookBehindFirst()).writeLongLE(m.round());
            out.writeIntLE(m.lookBehind().length);
            for (long v : m.lookBehind()) {
                out.writeLongLE(v);
            }
            commit(out, m.commit());
            // The receiver works out its own dep from the look-behind extents.
            entries(out, m.entries(), false);
        } else if (message instanceof Message.AppendAck m) {
            out.writeLongLE(m.round()).writeLongLE(m.contigPrefix()).writeLongLE(m.acceptLimit());
            slotRuns(out, m.slots());
        } else if (message instanceof Message.Heartbeat m) {
            out.writeLongLE(m.round());
            commit(out, m.commit());
        } else if (message instanceof Message.HeartbeatAck m) {
            out.writeLongLE(m.round()).writeLongLE(m.syncTerm()).writeLongLE(m.contigPrefix());
            out.writeLongLE(m.appliedPrefix()).writeLongLE(m.acceptLimit()).writeBoolean(m.installing());
        } else if (message instanceof Message.Fetch m) {
            originRuns(out, m.wanted());
        } else if (message instanceof Message.Entries m) {
            entries(out, m.entries(), true);
        } else if (message instanceof Message.Force m) {
            out.writeLongLE(m.id()).writeLongLE(m.slot());
        } else if (message instanceof Message.ForceAck m) {
            out.writeLongLE(m.id());
        } else if (message instanceof Message.GiveUpDisk m) {
            out.writeIntLE(m.node()).writeLongLE(m.incarnation());
        } else if (message instanceof Message.CureRequest m) {
            out.writeLongLE(m.mark()).writeLongLE(m.round());
        } else if (message instanceof Message.Cure m) {
            out.writeLongLE(m.mark()).writeLongLE(m.from()).writeLongLE(m.to());
        }
    }

    private static FrameType typeOfInstall(Message.Install m) {
        if (m instanceof Message.InstallRequest) {
            return FrameType.INSTALL_REQUEST;
        } else if (m instanceof Message.InstallBegin) {
            return FrameType.INSTALL_BEGIN;
        } else if (m instanceof Message.InstallExtent) {
            return FrameType.INSTALL_EXTENT;
        } else if (m instanceof Message.InstallEnd) {
            return FrameType.INSTALL_END;
        }
        return FrameType.INSTALL_ACK;
    }

    private static void installBody(ByteBuf out, Message.Install message) {
        if (message instanceof Message.InstallRequest m) {
            out.writeLongLE(m.known()).writeLongLE(m.atLeast());
        } else if (message instanceof Message.InstallBegin m) {
            byte[] image = StateCodec.encodeCheckpoint(m.image());
            out.writeLongLE(m.installId()).writeLongLE(m.storeBytes()).writeIntLE(m.pieceBytes());
            out.writeIntLE(image.length).writeBytes(image);
        } else if (message instanceof Message.InstallExtent m) {
            out.writeLongLE(m.installId()).writeLongLE(m.offsetBytes()).writeIntLE(m.lengthBytes());
            out.writeIntLE(m.crc()).writeBoolean(m.payload() == null);
            out.writeIntLE(m.damaged().size());
            for (Message.ByteRange r : m.damaged()) {
                out.writeLongLE(r.offsetBytes()).writeLongLE(r.lengthBytes());
            }
        } else if (message instanceof Message.InstallEnd m) {
            out.writeLongLE(m.installId()).writeLongLE(m.e());
        } else if (message instanceof Message.InstallAck m) {
            out.writeLongLE(m.installId()).writeLongLE(m.receivedBytes()).writeBoolean(m.done());
        }
    }

    private static void blockBody(ByteBuf out, Message.Block message) {
        if (message instanceof Message.BlockFetch m) {
            out.writeLongLE(m.id()).writeLongLE(m.offsetBytes()).writeIntLE(m.lengthBytes());
        } else if (message instanceof Message.BlockReply m) {
            out.writeLongLE(m.id()).writeLongLE(m.offsetBytes()).writeIntLE(m.lengthBytes());
            out.writeByte(m.outcome().ordinal());
            out.writeLongLE(m.applied()).writeLongLE(m.reach()).writeIntLE(m.crc());
            out.writeIntLE(m.payload() instanceof ByteBuf p ? p.readableBytes() : 0);
        }
    }

    private static void slotRuns(ByteBuf out, List<SlotRun> runs) {
        out.writeIntLE(runs.size());
        for (SlotRun r : runs) {
            out.writeLongLE(r.first()).writeLongLE(r.last());
        }
    }

    private static void originRuns(ByteBuf out, List<OriginRun> runs) {
        out.writeIntLE(runs.size());
        for (OriginRun r : runs) {
            out.writeLongLE(r.first()).writeLongLE(r.last()).writeLongLE(r.origin());
        }
    }

    private static void commit(ByteBuf out, Message.CommitNotice c) {
        out.writeLongLE(c.watermark()).writeLongLE(c.floor());
        slotRuns(out, c.runs());
    }

    private static void entries(ByteBuf out, List<Entry> entries, boolean withDep) {
        out.writeIntLE(entries.size());
        for (Entry e : entries) {
            int depWords = withDep ? e.dep().length : 0;
            out.writeLongLE(e.slot()).writeLongLE(e.origin());
            out.writeByte(e.kind().code()).writeByte(0).writeShortLE(depWords);
            out.writeLongLE(e.offsetBytes()).writeLongLE(e.lengthBytes());
            out.writeLongLE(e.session()).writeLongLE(e.seq()).writeLongLE(e.lowestOutstanding());
            out.writeIntLE(e.payloadCrc()).writeIntLE(e.payloadLength());
            for (int i = 0; i < depWords; i++) {
                out.writeLongLE(e.dep()[i]);
            }
        }
    }

    // ---------------------------------------------------------------- client messages

    static ByteBuf client(ByteBufAllocator alloc, int groupId, ClientMessage message) {
        ByteBuf out;
        if (message instanceof ClientMessage.Mutate m) {
            ByteBuf p = m.payload();
            out = begin(alloc, FrameType.MUTATE, groupId, 0);
            out.writeLongLE(m.session()).writeLongLE(m.seq()).writeLongLE(m.lowestOutstanding());
            out.writeByte(m.kind().code()).writeBoolean(m.fua());
            out.writeLongLE(m.offsetBytes()).writeLongLE(m.lengthBytes());
            out.writeIntLE(m.payloadCrc()).writeIntLE(p == null ? 0 : p.readableBytes());
            return withPayloads(alloc, end(out), p == null ? List.of() : List.of(p));
        } else if (message instanceof ClientMessage.ReadReply m) {
            ByteBuf p = m.payload();
            out = begin(alloc, FrameType.READ_REPLY, groupId, 0);
            out.writeLongLE(m.requestId()).writeByte(m.status().ordinal()).writeIntLE(m.leaderHint());
            // The reader has no other checksum of what it is given.
            out.writeIntLE(p == null ? 0 : crc(p, p.readerIndex(), p.readableBytes()));
            out.writeIntLE(p == null ? -1 : p.readableBytes());
            return withPayloads(alloc, end(out), p == null ? List.of() : List.of(p));
        } else if (message instanceof ClientMessage.OpenSession m) {
            out = begin(alloc, FrameType.OPEN_SESSION, groupId, 0);
            out.writeLongLE(m.gatewayBoot()).writeLongLE(m.nonce());
        } else if (message instanceof ClientMessage.SessionOpened m) {
            out = begin(alloc, FrameType.SESSION_OPENED, groupId, 0);
            out.writeLongLE(m.nonce()).writeLongLE(m.session());
            out.writeByte(m.status().ordinal()).writeIntLE(m.leaderHint());
        } else if (message instanceof ClientMessage.CloseSession m) {
            out = begin(alloc, FrameType.CLOSE_SESSION, groupId, 0);
            out.writeLongLE(m.session());
        } else if (message instanceof ClientMessage.KeepAlive m) {
            out = begin(alloc, FrameType.KEEP_ALIVE, groupId, m.nonces().size() * Long.BYTES);
            out.writeLongLE(m.gatewayBoot())
                    .writeLongLE(m.nextNonce())
                    .writeIntLE(m.nonces().size());
            for (long nonce : m.nonces()) {
                out.writeLongLE(nonce);
            }
        } else if (message instanceof ClientMessage.MutateReply m) {
            out = begin(alloc, FrameType.MUTATE_REPLY, groupId, 0);
            out.writeLongLE(m.session()).writeLongLE(m.seq());
            out.writeByte(m.status().ordinal()).writeIntLE(m.leaderHint());
        } else if (message instanceof ClientMessage.Read m) {
            out = begin(alloc, FrameType.READ, groupId, 0);
            out.writeLongLE(m.requestId()).writeLongLE(m.offsetBytes()).writeIntLE(m.lengthBytes());
        } else if (message instanceof ClientMessage.Flush m) {
            out = begin(alloc, FrameType.FLUSH, groupId, 0);
            out.writeLongLE(m.requestId());
        } else if (message instanceof ClientMessage.ExtentAsk m) {
            boolean allocation = m instanceof ClientMessage.Allocation;
            out = begin(alloc, allocation ? FrameType.ALLOCATION : FrameType.PREFETCH, groupId, 0);
            out.writeLongLE(m.requestId()).writeLongLE(m.offsetBytes()).writeLongLE(m.extentBytes());
        } else if (message instanceof ClientMessage.LeaderNotice m) {
            out = begin(alloc, FrameType.LEADER, groupId, 0);
            out.writeLongLE(m.term()).writeBoolean(m.leads()).writeLongLE(m.lostTerm());
        } else if (message instanceof ClientMessage.AskReply m) {
            out = askReply(alloc, groupId, m);
        } else {
            throw new IllegalArgumentException("no frame for " + message.getClass());
        }
        return end(out);
    }

    /** The answers without a payload. */
    private static ByteBuf askReply(ByteBufAllocator alloc, int groupId, ClientMessage.AskReply m) {
        List<AllocationRun> runs = m instanceof ClientMessage.AllocationReply a ? a.runs() : List.of();
        FrameType type = m instanceof ClientMessage.AllocationReply
                ? FrameType.ALLOCATION_REPLY
                : m instanceof ClientMessage.FlushReply ? FrameType.FLUSH_REPLY : FrameType.PREFETCH_REPLY;
        ByteBuf out = begin(alloc, type, groupId, runs.size() * FrameDescriptor.ALLOCATION_RUN_BYTES);
        out.writeLongLE(m.requestId()).writeByte(m.status().ordinal()).writeIntLE(m.leaderHint());
        if (type == FrameType.ALLOCATION_REPLY) {
            out.writeIntLE(runs.size());
            for (AllocationRun run : runs) {
                out.writeLongLE(run.lengthBytes()).writeBoolean(run.hole());
            }
        }
        return out;
    }

    static boolean isBulk(ClientMessage m) {
        return m instanceof ClientMessage.Mutate || m instanceof ClientMessage.ReadReply;
    }
}
