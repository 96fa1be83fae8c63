package io.parablock.events;

import static org.slf4j.event.Level.ERROR;
import static org.slf4j.event.Level.INFO;
import static org.slf4j.event.Level.WARN;

import java.util.List;
import java.util.Locale;
import org.slf4j.event.Level;

/**
 * What events there are. An id is never given to another kind, and a kind that is not told of any more leaves its id behind:
 * alerts are made of them. docs/events.md is made from this.
 */
public enum EventKind {
    LEADER_ELECTED(
            1001,
            INFO,
            "leader term leaderless_ms",
            "The group has a leader that takes requests. leaderless_ms: for so long this process knew of none.",
            "Nothing. If it comes often, look at what it says before: peer_lost, slow_leader, election_begun."),
    LEADER_UNKNOWN(
            1002,
            WARN,
            "was term",
            "The group's leader (was) is silent, or has given up; clients wait until there is another one.",
            "Nothing for a second or two. If no leader_elected follows, see that a majority of the nodes runs and connects."),
    LEADERSHIP_LOST(
            1003,
            WARN,
            "term reason",
            "This node led the group and does not any more; the reason is in the event.",
            "Nothing if it was a hand-over. If no quorum answered, look at the peers and the network between."),
    ELECTION_BEGUN(
            1004,
            INFO,
            "term accepted_term contiguous_slot reason",
            "This node stands for election: it has heard of no leader for an election timeout (reason: heartbeat timeout), or"
                    + " was asked by the leader (transfer).",
            "Nothing. Many in a row without leader_elected: see that the nodes reach each other."),
    ELECTION_OVER_EVERY_VOTER(
            1005,
            WARN,
            "term accepted_term contiguous_slot",
            "A majority of the nodes may have lost its newest entries, so that this election asks every node. Answered writes"
                    + " that were not flushed may be lost, and all sessions end.",
            "Start every node. Afterwards clients connect anew; check what they had not flushed."),
    MERGE_BEGUN(
            1006,
            INFO,
            "term",
            "This node has won an election and collects what the others hold, before it takes requests.",
            "Nothing."),
    MERGE_FINISHED(
            1007,
            INFO,
            "term merged_slot",
            "The new leader holds everything up to merged_slot, and leads.",
            "Nothing."),
    MERGE_GIVEN_UP(
            1008,
            WARN,
            "term reason",
            "This node has won an election and cannot lead, for the reason given; another election follows.",
            "If it repeats: start the nodes that are down, one of them holds what is missing."),
    HANDOVER_BEGUN(
            1009,
            INFO,
            "term to",
            "This node leads and asks another one to take over, without a pause for clients.",
            "Nothing."),
    HANDOVER_FAILED(
            1010,
            WARN,
            "term to",
            "The node that was asked to take over did not in time; this node leads on.",
            "Look at that node: it is slow, or lags."),
    HANDOVER_FINISHED(
            1011,
            INFO,
            "groups took_ms",
            "All groups that this node led have other leaders; it stops now.",
            "Nothing."),
    SLOW_LEADER(
            1012,
            WARN,
            "what took_ms limit_ms others_ms",
            "This node leads, and its log or event loop (what) is slow for raft.slow_leader.for: another node takes over.",
            "Look at this node's disk and processor load; it goes on as a follower."),
    SLOW_LEADER_STAYS(
            1013,
            WARN,
            "log_ms limit_ms others_ms",
            "The log of this leader is slow, and no other node is clearly faster: it leads on.",
            "Look at the disks of all nodes, and at what else they do."),
    SLOW_FOLLOWER(
            1014,
            WARN,
            "peer ack_ms others_ms lag_slots behind_ms",
            "A follower acknowledges far later than the others, or is far behind, and does not get nearer. Writes do not wait for it while the others"
                    + " are a majority.",
            "Look at that node's disk, load and network."),
    FOLLOWER_RECOVERED(
            1015, INFO, "peer ack_ms others_ms lag_slots behind_ms", "A follower is not slow any more.", "Nothing."),

    PROCESS_STARTING(1101, INFO, "role id", "The process reads its disk.", "Nothing."),
    PROCESS_STARTED(
            1102,
            INFO,
            "role id nbd http transport pipeline wal",
            "The process serves clients. transport: how it asks the kernel; wal: the log's engine.",
            "Nothing."),
    PROCESS_STOPPING(1103, INFO, "role id", "The process was told to stop, and does so in order.", "Nothing."),
    PROCESS_STOPPED(
            1104, INFO, "role id clean", "The process ends. clean: a start need not suspect anything.", "Nothing."),
    CANNOT_START(
            1105,
            ERROR,
            "role id reason",
            "The process ends before it served anybody.",
            "The reason names what to change."),
    PROCESS_FAILED(
            1106,
            ERROR,
            "reason",
            "The process ends at once, so that nothing wrong is told or stored.",
            "The reason says why; for a disk that fails, replace it, then start the node."),
    TRANSPORT_FALLBACK(
            1107,
            INFO,
            "transport reason",
            "A faster way to ask the kernel is not available here.",
            "Nothing, or what the reason says, for less latency."),
    CLOCK_JUMPED(
            1108,
            WARN,
            "by_ms",
            "The system's clock was set, or the machine was suspended: it moved by so much more than time passed, and that is more"
                    + " than health.clock_jump.",
            "See to time synchronisation that slews. With reads = lease, read what docs/operating.md says of clocks."),
    CONFIG_RELOADED(
            1110,
            INFO,
            "applied after_restart",
            "The configuration was read again: keys that took effect, and keys that will after a restart.",
            "Restart the process if after_restart is not empty."),
    CONFIG_REFUSED(
            1111,
            ERROR,
            "reason",
            "The configuration was read again and is wrong; nothing has changed.",
            "Correct the place that the reason names, and reload."),
    IMPAIRED(
            1112,
            WARN,
            "what settings",
            "A test key makes this node's links or log slow on purpose.",
            "Take the impairment keys out of the configuration unless this is a test."),

    FORMATION_WAITS(
            1201,
            INFO,
            "reason",
            "The cluster is new, and not all its nodes have met yet; nobody is served until then.",
            "Start the nodes that it names."),
    CLUSTER_FORMED(1202, INFO, "nodes", "All nodes have met; from now on a majority is enough.", "Nothing."),
    PEER_CONNECTED(1203, INFO, "peer", "The connection to a node is up.", "Nothing."),
    PEER_LOST(
            1204,
            WARN,
            "peer reason",
            "The connection to a node has ended; it is dialled again.",
            "If no peer_connected follows, look at that node and the network."),
    PEER_UNREACHABLE(
            1205,
            WARN,
            "peer reason",
            "A node cannot be connected to; each reason is told once.",
            "See that the node runs, that its address in peers is right, and what it says in its own log."),
    PEER_REFUSED(
            1206,
            WARN,
            "from reason",
            "Somebody connected as a node or gateway and was not let in.",
            "Correct cluster.id, peers or the lost disk that the reason speaks of; if it is a stranger, close the port to it."),
    GATEWAY_ATTACHED(1207, INFO, "gateway from", "A gateway without a replica is connected.", "Nothing."),
    GATEWAY_GONE(
            1208, INFO, "gateway", "A gateway without a replica has left, or was lost.", "Nothing, if it was stopped."),
    CLIENTS_REFUSED(
            1209,
            WARN,
            "refused connected limit",
            "NBD clients were turned away: as many as limits.nbd_connections are connected.",
            "Raise limits.nbd_connections, or let clients use other nodes."),
    CLIENT_BYTES_EXHAUSTED(
            1210,
            WARN,
            "in_work_bytes limit_bytes waiting",
            "Requests of all NBD clients together fill limits.nbd_total_bytes: large ones wait for their turn.",
            "Raise limits.nbd_total_bytes (and the direct memory), or spread the clients over nodes."),
    SESSION_EXPIRED(
            1211,
            INFO,
            "session",
            "A gateway was not heard of for raft.session_expiry: what it had under way ends with an error.",
            "Look for the gateway, or node, that has gone."),
    MEMBER_CHANGE_BEGUN(
            1212,
            INFO,
            "slot members",
            "The leader has written a change of the members into the log; it holds once a majority has it.",
            "Nothing."),
    MEMBERS_CHANGED(
            1213,
            INFO,
            "members",
            "A node's disk was given up, or a new one counts in its place.",
            "If a node is vacant, start it with an empty data directory."),
    DISK_KEPT(
            1214,
            WARN,
            "node reason",
            "A node's disk was to be given up, and the leader does not do it now.",
            "If the node is to get another disk, stop it first; otherwise nothing."),
    DISK_GIVEN_UP(
            1215,
            WARN,
            "node",
            "An operator has said that a node's disk is lost; once the log says so, it never counts again.",
            "Start that node with an empty data directory when members_changed says that it is vacant."),

    INSTALL_NEEDED(
            1301,
            WARN,
            "slot leader_log_base",
            "This replica lacks more than the leader's log still has: the leader will copy its block store to it.",
            "Nothing. If it comes often, raise raft.retain_slots_max."),
    INSTALL_BEGUN(
            1302,
            INFO,
            "install base_slot bytes",
            "The leader's block store is being copied to this replica.",
            "Nothing."),
    INSTALL_FINISHED(1303, INFO, "store_slot readable_from_slot", "The copy is complete.", "Nothing."),
    INSTALL_INTERRUPTED(
            1304,
            WARN,
            "install done_bytes total_bytes",
            "The copy ended before it was complete; another one begins by itself.",
            "If it repeats, look at the leader's events."),
    INSTALL_REFUSED(
            1305,
            ERROR,
            "leader_bytes own_bytes",
            "The leader's volume has another size than this node's.",
            "Give all nodes the same volumes."),
    INSTALL_SEND_BEGUN(
            1306,
            INFO,
            "install to base_slot bytes",
            "This leader copies its block store to another node.",
            "Nothing."),
    INSTALL_SEND_FINISHED(1307, INFO, "install to bytes readable_from_slot", "That copy is complete.", "Nothing."),
    INSTALL_SEND_ABORTED(
            1308,
            WARN,
            "install to done_bytes total_bytes reason",
            "That copy ended before it was complete, for the reason given; it is begun anew by itself.",
            "If the log grew too far meanwhile: raise install.bytes_per_second or install.pin_slots_max."),
    AMNESIA(
            1310,
            WARN,
            "reason",
            "After an unclean restart this replica may lack entries that it acknowledged: it does not vote until the leader has"
                    + " given it all of them.",
            "Nothing: cured follows."),
    STATE_LOST(
            1311,
            ERROR,
            "reason",
            "What this replica promised cannot be read any more; it takes no part.",
            "Keep its files. It must rejoin as a new one; see docs/operating.md."),
    CURE_BEGUN(1312, INFO, "leader to_slot held_slot", "The leader gives this replica what it may lack.", "Nothing."),
    CURED(1313, INFO, "to_slot", "This replica holds all of it and votes again.", "Nothing."),
    PEER_AMNESIA(
            1314, INFO, "peer to_slot", "A node that may lack entries gets all of them from this leader.", "Nothing."),
    WRITES_LOST(
            1315,
            ERROR,
            "",
            "Answered writes that were not flushed may be lost: a majority of machines lost their power with"
                    + " durability = mapped. All sessions have ended.",
            "Let clients connect anew and check their data; what they had flushed is there."),
    ENTRIES_REFUSED(
            1316,
            WARN,
            "from",
            "Entries of a node were not taken: a checksum or a bound is wrong; they are asked for again.",
            "If it repeats, suspect that node's memory or the network."),

    RECORD_DAMAGED(
            1401,
            WARN,
            "slot",
            "A record of this node's log cannot be read; it is fetched from another node.",
            "If it repeats, replace the disk."),
    BLOCKS_DAMAGED(
            1402,
            WARN,
            "bytes ranges",
            "Blocks of this node's store cannot be read, or have rotted; they are fetched from another node.",
            "If it repeats, replace the disk."),
    BLOCKS_LOST(
            1403,
            ERROR,
            "offset_bytes",
            "The same sector is damaged on every node: reads of it fail until it is written.",
            "Restore it from a backup."),
    STATE_DAMAGED(
            1404,
            WARN,
            "copies of part",
            "A copy of this node's state files was damaged, and is written again from a good one.",
            "Replace the disk soon."),
    STATE_COPIES_LOST(
            1405,
            ERROR,
            "part",
            "Every copy of one of this node's state files was damaged; it is written again from memory.",
            "Replace the disk at once: a restart before that would have lost this node."),
    BLOCKS_RECHECKED(
            1406,
            INFO,
            "",
            "The store had damaged blocks when it was last in use: all of them are checked again.",
            "Nothing: blocks_mended follows."),
    BLOCKS_MENDED(1407, INFO, "", "No damaged block is left in the store.", "Nothing."),
    STORE_ADOPTED(1408, INFO, "", "The checksums of the block store were made anew from its content.", "Nothing."),
    DAMAGE_UNPINNED(
            1409,
            ERROR,
            "slots",
            "The log has grown past scrub.pin_slots_max while damaged blocks wait for a copy, and is cut.",
            "Start the nodes that are away: only they may have a good copy."),
    READ_FAILED(
            1410,
            WARN,
            "offset_bytes reason",
            "A client's read ended in an I/O error.",
            "The reason says why; see blocks_damaged and blocks_lost."),
    DISK_NEARLY_FULL(
            1411,
            WARN,
            "free_bytes limit_bytes",
            "The disk of node.data_dir has less free than health.disk_free.",
            "Make room: the node stops when its log finds none."),
    DISK_ROOM_AGAIN(1412, INFO, "free_bytes", "It has more again.", "Nothing."),
    DISK_FULL(
            1413,
            ERROR,
            "reason",
            "The log or the block store finds no room, and the node stops; the others go on.",
            "Make room, then start the node. Nothing that was answered is lost."),

    VOLUME_CREATED(1501, INFO, "volume bytes chunks", "A volume was created, and this process serves it.", "Nothing."),
    VOLUME_RESIZED(
            1502,
            INFO,
            "volume bytes before_bytes",
            "A volume has grown; clients see the new size when they connect anew.",
            "Connect the client anew, then grow the file system."),
    VOLUME_DELETED(
            1503, INFO, "volume", "A volume was deleted; its clients were disconnected and its files go.", "Nothing."),
    VOLUME_NAME_TAKEN(
            1504,
            WARN,
            "volume",
            "A volume was created under a name that this node's configuration gives to another one: that one is served.",
            "Give the one in the configuration another name."),
    VOLUMES_FAILED(
            1505,
            ERROR,
            "reason",
            "This process cannot follow what volumes were created and deleted; it tries again.",
            "See the reason, such as a full disk. The volumes that it serves already go on."),

    REPLICA_NOTE(1900, INFO, "", "A note of a replica that has no kind of its own.", "What its text says.");

    private final int number;
    private final Level level;
    /** Their names, with a space between. */
    private final String fields;

    private final String meaning;
    private final String action;

    EventKind(int number, Level level, String fields, String meaning, String action) {
        this.number = number;
        this.level = level;
        this.fields = fields;
        this.meaning = meaning;
        this.action = action;
    }

    /** {@code PB-1001}, for ever. */
    public String id() {
        return "PB-" + number;
    }

    /** {@code leader_elected}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    public Level level() {
        return level;
    }

    /** The names of what an event of this kind carries, in their order. */
    public List<String> fields() {
        return fields.isEmpty() ? List.of() : List.of(fields.split(" "));
    }

    /** What has happened, for an operator. */
    public String meaning() {
        return meaning;
    }

    /** What the operator should do. */
    public String action() {
        return action;
    }
}
