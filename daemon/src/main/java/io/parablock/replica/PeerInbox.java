package io.parablock.replica;

import io.parablock.raft.RaftNode;
import io.parablock.raft.message.Message;
import java.util.List;

/** What comes from peers: checked, given to whom it is for, and its payloads released where nobody has taken them. */
final class PeerInbox {
    private final int groupId;
    private final ReplicaPorts ports;
    private final RaftNode core;
    private final IncomingEntries entries;
    private final StoreUpkeep upkeep;

    PeerInbox(int groupId, ReplicaPorts ports, RaftNode core, StoreUpkeep upkeep) {
        this.groupId = groupId;
        this.ports = ports;
        this.core = core;
        this.entries = new IncomingEntries(ports.store());
        this.upkeep = upkeep;
    }

    /** @param disk the incarnation of the sender's */
    void step(int from, long disk, long boot, Message m) {
        if (m instanceof Message.BlockFetch fetch) {
            upkeep.source.onFetch(from, fetch);
            return;
        }
        if (m instanceof Message.BlockReply reply) {
            upkeep.repair.onReply(from, reply);
            return;
        }
        Message sound = entries.withSoundEntries(m);
        if (sound != m) {
            ports.events().onEvent(groupId, "entries of node " + from + " refused: bad checksum or bounds");
        }
        core.step(from, disk, boot, sound, ports.nowNs().getAsLong());
        IncomingEntries.releaseUnused(IncomingEntries.of(sound), core.output().appends);
        InstallFlow.releaseUnused(sound, core.output().installWrites);
    }

    /** Releases whatever a message that nobody will see carries. */
    static void release(Message m) {
        IncomingEntries.of(m).forEach(IncomingEntries::release);
        InstallFlow.releaseUnused(m, List.of());
        if (m instanceof Message.BlockReply reply) {
            InstallFlow.release(reply.payload());
        }
    }

    long refusedEntries() {
        return entries.refused();
    }
}
