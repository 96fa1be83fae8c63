package io.parablock.raft;

import io.parablock.raft.message.Message;
import java.util.TreeMap;

/**
 * The leader's side of a cure (protocol.md §11): acknowledgement maps are per (node, boot). What a peer with amnesia had
 * acknowledged is forgotten when its new boot is learned of, and the highest slot assigned by then is what it must hold.
 *
 * <p>Any leader of a term may do this: no vote of its election came from a node with amnesia, for such a node gives none, but
 * for a merge over every voter, and then it is installed first. Whether the peer voted for it before the restart does not
 * matter, since that report was true when it was taken.
 */
final class CureServer {
    private static final class Patient {
        long boot;
        long mark;
        /** The leader's round when this boot asked: whoever answers a later one is alive. */
        long round;

        long from;
        long to;
    }

    private final CoreState state;
    private final Leader leader;
    private final TreeMap<Integer, Patient> patients = new TreeMap<>();

    CureServer(CoreState state, Leader leader) {
        this.state = state;
        this.leader = leader;
    }

    /** Not the leader any more. */
    void stop() {
        patients.clear();
    }

    /** Another disk answers there. */
    void forget(int node) {
        patients.remove(node);
    }

    /** True for an acknowledgement of a process that died before the peer's current one asked for a cure. */
    boolean isOfDeadBoot(int node, long boot, Message m) {
        Patient p = patients.get(node);
        if (p == null || p.boot == boot || !state.guards.cureForgets) {
            return false;
        }
        if (roundOf(m) > p.round) {
            // A third process, without amnesia or about to ask for itself.
            patients.remove(node);
            return false;
        }
        return m instanceof Message.AppendAck
                || m instanceof Message.HeartbeatAck
                || m instanceof Message.SyncAck
                || m instanceof Message.CureRequest;
    }

    /** The round of the leader that the message shows to have been heard. */
    private static long roundOf(Message m) {
        if (m instanceof Message.AppendAck a) {
            return a.round();
        }
        if (m instanceof Message.HeartbeatAck h) {
            return h.round();
        }
        return m instanceof Message.CureRequest c ? c.round() : 0;
    }

    void onRequest(int from, long boot, Message.CureRequest m, long round) {
        if (state.role != Role.LEADER) {
            return;
        }
        Patient p = patients.get(from);
        if (p == null || p.boot != boot || p.mark != m.mark()) {
            p = new Patient();
            p.boot = boot;
            p.mark = m.mark();
            p.round = round;
            p.from = state.guards.cureForgets ? 0 : leader.peers.contigPrefixOf(from);
            p.to = state.guards.cureCoversAssigned ? leader.lastAssigned() : state.log.contigPrefix();
            patients.put(from, p);
            if (state.guards.cureForgets) {
                leader.forget(from);
            }
            state.output.event = "node " + from
                    + " has amnesia: its acknowledgements are forgotten, it gets every slot up" + " to " + p.to;
        }
        state.send(from, new Message.Cure(state.term, p.mark, p.from, p.to));
        leader.onSyncRequest(from, state.log.base());
    }
}
