package io.parablock.simulator;

import io.parablock.raft.message.Message;
import io.parablock.replica.client.ClientMessage;

/** Messages in the timeline, without payloads. */
final class MessageText {
    private MessageText() {}

    static String of(Message m) {
        if (m instanceof Message.Append a) {
            return "Append[term=" + a.term() + ", entries=" + a.entries() + ", round=" + a.round() + ", " + a.commit()
                    + "]";
        }
        return m.toString();
    }

    static String of(ClientMessage m) {
        if (m instanceof ClientMessage.Mutate r) {
            return "Mutate[" + r.kind() + " " + r.offsetBytes() + "+" + r.lengthBytes() + ", session=" + r.session()
                    + ", seq=" + r.seq() + ", lowest=" + r.lowestOutstanding() + (r.fua() ? ", fua" : "") + "]";
        }
        if (m instanceof ClientMessage.ReadReply r) {
            return "ReadReply[" + r.requestId() + ", " + r.status() + ", hint=" + r.leaderHint() + "]";
        }
        return m.toString();
    }
}
