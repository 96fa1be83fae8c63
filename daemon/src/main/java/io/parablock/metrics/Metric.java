package io.parablock.metrics;

import java.util.List;
import java.util.Locale;

/**
 * Every metric of Parablock's own: {@code /metrics}, docs/metrics.md and the tests of dashboard and alerts come from here.
 * Names follow Prometheus: base units, {@code _total} for what only grows.
 */
public enum Metric {
    WRITE_STAGE(
            Section.WRITES,
            Kind.TIMER,
            Of.BOTH,
            "write.stage",
            "Where writes spend their time; a node times one write in `metrics.writes_per_timed`. `receive`: from a write's"
                    + " header to the whole payload, at the NBD server. `reply`:"
                    + " from there to the answer, at the client's node. The others count from when a replica hands the"
                    + " record to its log: `wal_durable` until it is durable there, and on the leader `first_ack` until a peer"
                    + " has it, `quorum_ack` until a majority has it, `commit` until it is committed. `apply`: from the hand-over"
                    + " of the committed write to the block store until it is in it",
            "stage"),
    GATEWAY_REQUEST(
            Section.WRITES,
            Kind.TIMER,
            Of.BOTH,
            "gateway.request",
            "From a client's request at its node's gateway to the answer",
            "op"),
    GATEWAY_BYTES(
            Section.WRITES,
            Kind.COUNTER,
            Of.BOTH,
            "gateway.answered.bytes",
            "Bytes of requests that were answered without an error",
            "op"),
    GATEWAY_ERRORS(
            Section.WRITES,
            Kind.COUNTER,
            Of.BOTH,
            "gateway.errors",
            "Requests that were answered with an I/O error",
            "op"),
    GATEWAY_UNANSWERED(
            Section.WRITES,
            Kind.GAUGE,
            Of.BOTH,
            "gateway.unanswered",
            "Requests, or parts of them, without an answer yet"),
    GATEWAY_SESSIONS(
            Section.WRITES,
            Kind.GAUGE,
            Of.BOTH,
            "gateway.sessions",
            "Sessions: one for each client and each group that it has written to"),
    GATEWAY_RESENDS(
            Section.WRITES, Kind.COUNTER, Of.BOTH, "gateway.resends", "Requests that were sent to the leader again"),
    GATEWAY_TIMEOUTS(
            Section.WRITES,
            Kind.COUNTER,
            Of.BOTH,
            "gateway.timeouts",
            "Requests that failed because `gateway.request_timeout` was over"),
    GATEWAY_SESSIONS_LOST(
            Section.WRITES,
            Kind.COUNTER,
            Of.GATEWAY,
            "gateway.sessions.lost",
            "Sessions that the leader no longer knew: their clients got errors"),
    LEADER(
            Section.CONSENSUS,
            Kind.GAUGE,
            Of.BOTH,
            "leader",
            "Number of the node that leads, 0 while none is known",
            "group"),
    LEADS(
            Section.CONSENSUS,
            Kind.GAUGE,
            Of.NODE,
            "leads",
            "1 while this node leads the group and takes requests",
            "group"),
    TERM(Section.CONSENSUS, Kind.GAUGE, Of.NODE, "term", "The term; grows with each election", "group"),
    ELECTIONS(
            Section.CONSENSUS,
            Kind.COUNTER,
            Of.NODE,
            "elections",
            "Elections that this node began: because of a `heartbeat_timeout`, at a `transfer` by the leader, or over"
                    + " `every_voter`, when a majority may have lost entries",
            "group",
            "reason"),
    MERGES(
            Section.CONSENSUS,
            Kind.COUNTER,
            Of.NODE,
            "merges",
            "Merges that this node began as it was elected: `finished`, `given_up`, or `overtaken`: it stepped down meanwhile",
            "group",
            "outcome"),
    LEADER_CHANGES(
            Section.CONSENSUS,
            Kind.COUNTER,
            Of.NODE,
            "leader.changes",
            "How often another node than before became known as the leader",
            "group"),
    LEADERLESS(
            Section.CONSENSUS,
            Kind.TIMER,
            Of.NODE,
            "leaderless",
            "How long this node knew no leader that takes requests, after it had known one"),
    ELECTION(Section.CONSENSUS, Kind.TIMER, Of.NODE, "election", "From this node's call for votes to a majority's"),
    MERGE(
            Section.CONSENSUS,
            Kind.TIMER,
            Of.NODE,
            "merge",
            "From these votes to the first request that it may take as the leader: the logs are merged"),
    LAST_SLOT(Section.CONSENSUS, Kind.GAUGE, Of.NODE, "last.slot", "Last slot of the log", "group"),
    COMMIT_WATERMARK(
            Section.CONSENSUS,
            Kind.GAUGE,
            Of.NODE,
            "commit.watermark",
            "Every slot up to it is known to be committed",
            "group"),
    APPLIED_WATERMARK(
            Section.CONSENSUS,
            Kind.GAUGE,
            Of.NODE,
            "applied.watermark",
            "Every slot up to it is in the block store",
            "group"),
    HOLES(Section.CONSENSUS, Kind.GAUGE, Of.NODE, "holes", "Empty slots below the last one", "group"),
    IN_FLIGHT(Section.CONSENSUS, Kind.GAUGE, Of.NODE, "in.flight", "On the leader: slots not committed yet", "group"),
    PROPOSALS_QUEUED(
            Section.CONSENSUS,
            Kind.GAUGE,
            Of.NODE,
            "proposals.queued",
            "Requests that wait for room among those in flight",
            "group"),
    ACKED_OUT_OF_ORDER(
            Section.CONSENSUS,
            Kind.COUNTER,
            Of.NODE,
            "acked.out.of.order",
            "Slots acknowledged before a lower one; 0 in strict mode",
            "group"),
    SENT_AGAIN_OVERTAKEN(
            Section.CONSENSUS, Kind.COUNTER, Of.NODE, "sent.again.overtaken", "Overtaken slots sent again", "group"),
    COMMITTED_OUT_OF_ORDER(
            Section.CONSENSUS,
            Kind.COUNTER,
            Of.NODE,
            "committed.out.of.order",
            "Slots committed before a lower one; 0 in strict mode",
            "group"),
    APPLIED_OUT_OF_ORDER(
            Section.CONSENSUS,
            Kind.COUNTER,
            Of.NODE,
            "applied.out.of.order",
            "Slots applied before a lower one; 0 in strict mode",
            "group"),
    SLOW_FOLLOWERS(
            Section.CONSENSUS,
            Kind.GAUGE,
            Of.NODE,
            "slow.followers",
            "Followers that are slow, on the leader (`raft.slow_follower.*`)",
            "group"),
    CONFLICTS_WAITED(
            Section.CONSENSUS,
            Kind.COUNTER,
            Of.NODE,
            "conflicts.waited",
            "Entries that had to wait for an earlier one that they overlap",
            "group"),
    READS(Section.CONSENSUS, Kind.COUNTER, Of.NODE, "reads", "Reads that this node served as the leader", "group"),
    LEASE_READS(
            Section.CONSENSUS, Kind.COUNTER, Of.NODE, "lease.reads", "Of these, reads that asked no quorum", "group"),
    LEASE_MISSES(
            Section.CONSENSUS,
            Kind.COUNTER,
            Of.NODE,
            "lease.misses",
            "Reads whose lease had ended when their content was there",
            "group"),
    FLUSHES(Section.CONSENSUS, Kind.COUNTER, Of.NODE, "flushes", "Flushes that it served as the leader", "group"),
    FATAL(Section.CONSENSUS, Kind.GAUGE, Of.NODE, "fatal", "1 once the replica has stopped for good", "group"),
    PEER_LAG(
            Section.PEERS,
            Kind.GAUGE,
            Of.NODE,
            "peer.lag.slots",
            "On the leader: how many slots a node is behind the last one",
            "group",
            "peer"),
    PEER_ACK(
            Section.PEERS,
            Kind.TIMER,
            Of.NODE,
            "peer.ack",
            "On the leader: from an Append message to the acknowledgement of its last slot",
            "peer"),
    PEER_CONNECTED(
            Section.PEERS,
            Kind.GAUGE,
            Of.BOTH,
            "peer.connected",
            "1 while the control connection to the node is up",
            "peer"),
    PEER_LANES(Section.PEERS, Kind.GAUGE, Of.BOTH, "peer.lanes", "Lanes to the node that there are to be", "peer"),
    PEER_LANES_UP(Section.PEERS, Kind.GAUGE, Of.BOTH, "peer.lanes.up", "Of these, lanes that are connected", "peer"),
    PEER_QUEUED(
            Section.PEERS, Kind.GAUGE, Of.BOTH, "peer.queued.bytes", "Bytes that wait to go out to the node", "peer"),
    PEER_CONNECTS(
            Section.PEERS, Kind.COUNTER, Of.BOTH, "peer.connects", "How often the control connection came up", "peer"),
    PEER_FRAMES_REFUSED(
            Section.PEERS,
            Kind.COUNTER,
            Of.BOTH,
            "peer.frames.refused",
            "Frames not sent because they are larger than a node takes",
            "peer"),
    MESSAGES_DROPPED(
            Section.PEERS,
            Kind.COUNTER,
            Of.NODE,
            "messages.dropped",
            "Messages not sent because their payloads could not be read back in time",
            "group"),
    ENTRIES_REFUSED(
            Section.PEERS,
            Kind.COUNTER,
            Of.NODE,
            "entries.refused",
            "Incoming entries with a bad checksum or bounds",
            "group"),
    WAL_BYTES(Section.DISK, Kind.GAUGE, Of.NODE, "wal.bytes", "Size of the write-ahead log of all groups"),
    DISK_FREE(Section.DISK, Kind.GAUGE, Of.NODE, "disk.free.bytes", "Free on the file system of the data directory"),
    DISK_TOTAL(Section.DISK, Kind.GAUGE, Of.NODE, "disk.total.bytes", "Size of the file system of the data directory"),
    WAL_RESERVE(
            Section.DISK,
            Kind.GAUGE,
            Of.NODE,
            "wal.reserve.bytes",
            "`wal.reserve_bytes`: with less free than this the node stops"),
    LOG_BASE(Section.DISK, Kind.GAUGE, Of.NODE, "log.base.slot", "The log begins above this slot", "group"),
    CHECKPOINT_SLOT(
            Section.DISK,
            Kind.GAUGE,
            Of.NODE,
            "checkpoint.slot",
            "Every slot up to it is durably in the block store",
            "group"),
    CHECKPOINTS(Section.DISK, Kind.COUNTER, Of.NODE, "checkpoints", "Checkpoints that were taken", "group"),
    CHECKPOINT_RUNNING(
            Section.DISK, Kind.GAUGE, Of.NODE, "checkpoint.running", "1 while a checkpoint is being taken", "group"),
    APPLIED_ENTRIES(
            Section.DISK, Kind.COUNTER, Of.NODE, "applied.entries", "Entries written to the block store", "group"),
    APPLIED_BYTES(Section.DISK, Kind.COUNTER, Of.NODE, "applied.bytes", "Bytes of these entries", "group"),
    PAYLOAD_CACHE(
            Section.DISK,
            Kind.GAUGE,
            Of.NODE,
            "payload.cache.bytes",
            "Payloads in memory that peers or the block store may still need",
            "group"),
    NEEDS_CATCH_UP(
            Section.CATCH_UP,
            Kind.GAUGE,
            Of.NODE,
            "needs.catch.up",
            "1 while the replica lacks more than its peers' logs hold",
            "group"),
    INSTALLING(
            Section.CATCH_UP,
            Kind.GAUGE,
            Of.NODE,
            "installing",
            "1 while the block store is being overwritten with the leader's",
            "group"),
    INSTALL_DONE(
            Section.CATCH_UP,
            Kind.GAUGE,
            Of.NODE,
            "install.done.bytes",
            "Of the install that is received, on a leader of those that are sent",
            "group"),
    INSTALL_TOTAL(
            Section.CATCH_UP, Kind.GAUGE, Of.NODE, "install.size.bytes", "Likewise: all of it; 0 without one", "group"),
    AMNESIAC(
            Section.CATCH_UP,
            Kind.GAUGE,
            Of.NODE,
            "amnesiac",
            "1 while the replica may have forgotten what it acknowledged, and does not count",
            "group"),
    CURE_HELD(
            Section.CATCH_UP,
            Kind.GAUGE,
            Of.NODE,
            "cure.held.slot",
            "Amnesiac: every slot up to it is held again",
            "group"),
    CURE_NEEDED(
            Section.CATCH_UP,
            Kind.GAUGE,
            Of.NODE,
            "cure.needed.slot",
            "Amnesiac: where this ends; 0 before the leader has told",
            "group"),
    SCRUB_ROUNDS(
            Section.DAMAGE, Kind.COUNTER, Of.NODE, "scrub.rounds", "Rounds of the scrub that were finished", "group"),
    SCRUB_BYTES(Section.DAMAGE, Kind.COUNTER, Of.NODE, "scrub.read.bytes", "Bytes that the scrub has read", "group"),
    SCRUB_PROGRESS(
            Section.DAMAGE,
            Kind.GAUGE,
            Of.NODE,
            "scrub.progress.ratio",
            "How much of the blocks the round under way has checked, 0 to 1; 0 between two rounds",
            "group"),
    SCRUB_DAMAGED_RECORDS(
            Section.DAMAGE,
            Kind.COUNTER,
            Of.NODE,
            "scrub.damaged.records",
            "Records of the log found damaged",
            "group"),
    SCRUB_DAMAGED_BYTES(
            Section.DAMAGE,
            Kind.GAUGE,
            Of.NODE,
            "scrub.damaged.bytes",
            "Damaged blocks as of the last finished round, or of this one if it has found more",
            "group"),
    SCRUB_DAMAGED_STATE(
            Section.DAMAGE,
            Kind.COUNTER,
            Of.NODE,
            "scrub.damaged.state",
            "Copies of META, SYNCREC and CKPT found damaged",
            "group"),
    SCRUB_LOST_STATE(
            Section.DAMAGE, Kind.COUNTER, Of.NODE, "scrub.lost.state", "Of these: how often no copy was good", "group"),
    BLOCKS_DAMAGED(
            Section.DAMAGE,
            Kind.COUNTER,
            Of.NODE,
            "blocks.damaged.bytes",
            "Found damaged by reads, peers, installs and the scrub",
            "group"),
    BLOCKS_PENDING(
            Section.DAMAGE,
            Kind.GAUGE,
            Of.NODE,
            "blocks.pending.bytes",
            "Of these: waiting for a peer's copy",
            "group"),
    BLOCKS_MENDED(
            Section.DAMAGE, Kind.COUNTER, Of.NODE, "blocks.mended.bytes", "Written anew with a peer's copy", "group"),
    BLOCKS_LOST(
            Section.DAMAGE,
            Kind.GAUGE,
            Of.NODE,
            "blocks.lost.bytes",
            "Damaged on every node: reads fail until they are written",
            "group"),
    BLOCKS_SERVED(
            Section.DAMAGE, Kind.COUNTER, Of.NODE, "blocks.served.bytes", "Given to peers for their repair", "group"),
    BLOCKS_UNDER_REPAIR(
            Section.DAMAGE,
            Kind.GAUGE,
            Of.NODE,
            "blocks.under.repair",
            "1 while the block store is noted to have damage",
            "group"),
    NBD_CONNECTIONS(
            Section.NBD, Kind.GAUGE, Of.BOTH, "nbd.connections", "Clients that are attached to the export", "export"),
    NBD_REQUESTS(Section.NBD, Kind.COUNTER, Of.BOTH, "nbd.requests", "Requests of clients", "export", "op"),
    NBD_BYTES(
            Section.NBD,
            Kind.COUNTER,
            Of.BOTH,
            "nbd.requested.bytes",
            "Bytes that these requests asked for, or brought",
            "export",
            "op"),
    NBD_ERRORS(
            Section.NBD,
            Kind.COUNTER,
            Of.BOTH,
            "nbd.errors",
            "Answers with an error, also to requests that are refused at once",
            "export",
            "op"),
    NBD_IN_WORK(
            Section.NBD, Kind.GAUGE, Of.BOTH, "nbd.in.work.bytes", "Bytes of requests in work, over all connections"),
    NBD_WAITING(
            Section.NBD,
            Kind.GAUGE,
            Of.BOTH,
            "nbd.waiting",
            "Connections that wait for others to leave room below `limits.nbd_total_bytes`"),
    IN_USE(
            Section.PROCESS,
            Kind.GAUGE,
            Of.BOTH,
            "in.use",
            "Always 1; the labels tell what the process is and uses",
            "role",
            "node",
            "transport",
            "pipeline"),
    WARNINGS(
            Section.PROCESS,
            Kind.GAUGE,
            Of.BOTH,
            "warnings",
            "Warnings in the status, by what they begin with; the same judgement makes the events",
            "kind"),
    LOOP_DELAY(
            Section.PROCESS,
            Kind.TIMER,
            Of.BOTH,
            "loop.delay",
            "How late the event loop comes to what is due, probed every 20 ms"),
    LOG_LINES_DROPPED(
            Section.PROCESS,
            Kind.COUNTER,
            Of.BOTH,
            "log.lines.dropped",
            "Lines left out of the log because `log.queue_lines` of them waited to be written");

    /** Which processes have it. */
    public enum Of {
        NODE,
        /** One without a replica. */
        GATEWAY,
        BOTH
    }

    private static final String PREFIX = "parablock.";

    private final Section section;
    private final Kind kind;
    private final Of of;
    private final String meterName;
    private final String description;
    /** With commas between them. */
    private final String tags;

    Metric(Section section, Kind kind, Of of, String name, String description, String... tags) {
        this.section = section;
        this.kind = kind;
        this.of = of;
        this.meterName = PREFIX + name;
        this.description = description;
        this.tags = String.join(",", tags);
    }

    Section section() {
        return section;
    }

    public Kind kind() {
        return kind;
    }

    public Of of() {
        return of;
    }

    /** Its name in Micrometer. */
    public String meterName() {
        return meterName;
    }

    public String description() {
        return description;
    }

    /** Keys of its labels, in order. */
    public List<String> tags() {
        return tags.isEmpty() ? List.of() : List.of(tags.split(",", -1));
    }

    /** Its name on the page; a histogram's series have {@code _bucket}, {@code _count} and {@code _sum} behind it. */
    public String prometheusName() {
        return meterName.replace('.', '_').toLowerCase(Locale.ROOT) + kind.suffix;
    }
}
