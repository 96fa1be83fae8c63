package io.parablock.transport;

import io.netty.buffer.ByteBuf;
import io.parablock.raft.log.Entry;
import io.parablock.raft.message.Message;
import java.util.ArrayList;
import java.util.List;

/** A message as a peer gets it, without the codec: other objects, other buffers, nothing of the sender's log. */
public final class ObjectCopy {
    private ObjectCopy() {}

    /** Keeps the references of payloads with the caller; those of the copy are its own. */
    public static Message of(Message m) {
        if (m instanceof Message.Append a) {
            return new Message.Append(
                    a.term(), copies(a.entries(), true), a.lookBehindFirst(), a.lookBehind(), a.round(), a.commit());
        }
        if (m instanceof Message.InstallExtent x && x.payload() instanceof ByteBuf buf) {
            return new Message.InstallExtent(
                    x.term(), x.installId(), x.offsetBytes(), x.lengthBytes(), x.crc(), buf.copy(), x.damaged());
        }
        if (m instanceof Message.BlockReply x && x.payload() instanceof ByteBuf buf) {
            return new Message.BlockReply(
                    x.term(),
                    x.id(),
                    x.offsetBytes(),
                    x.lengthBytes(),
                    x.outcome(),
                    x.applied(),
                    x.reach(),
                    x.crc(),
                    buf.copy());
        }
        return m instanceof Message.Entries e ? new Message.Entries(e.term(), copies(e.entries(), false)) : m;
    }

    /** An Append carries no dep. */
    private static List<Entry> copies(List<Entry> entries, boolean inAppend) {
        List<Entry> out = new ArrayList<>(entries.size());
        for (Entry e : entries) {
            Entry c = e.withDep(inAppend ? new long[0] : e.dep().clone());
            c.walPosition = -1;
            c.payload = e.payload instanceof ByteBuf buf ? buf.copy() : null;
            if (c.payloadLength() > 0 && c.payload == null) {
                throw new AssertionError("an entry is sent without its payload: " + e);
            }
            out.add(c);
        }
        return out;
    }
}
