package io.parablock.raft;

/**
 * A rule of the protocol that a test can take away from one core, to prove that it is needed and that a checker sees its
 * absence. A running daemon has them all ({@link Guards#ALL}).
 */
enum Guard {
    /** §4: no ack while syncTerm != t; a leader sends entries only after the SyncAck. */
    ACK_ONLY_SYNCED,
    /** §5: merged slots are committed by SyncAcks of a quorum, not by the copies that voters reported. */
    COMMIT_BY_SYNC_ACKS,
    /** §3: a slot that cannot be read is UNKNOWN, not ABSENT. */
    UNREADABLE_IS_UNKNOWN,
    /** §3: above mS only entries with origin = S live; a sync drops the others. */
    DROP_DEAD,
    /** §3: no vote for a candidate whose prefix ends below the voter's log base. */
    VOTE_BY_LOG_BASE,
    /** §3: one vote per term. */
    ONE_VOTE,
    /** §2: no ack for a lower term once a vote report is taken. */
    NO_LATE_ACK,
    /** §4: ack only what is durable. */
    ACK_DURABLE,
    /** §10: a duplicate gets no second slot. */
    DEDUPE,
    /** §7: the log is truncated only below the own checkpoint. */
    TRUNCATE_BELOW_CHECKPOINT,
    /** §7: the log is truncated only below the leader's floor. */
    TRUNCATE_BELOW_FLOOR,
    /** §6: k waits for every overlapping slot before it. */
    APPLY_IN_ORDER,
    /** §6: the look-behind information is stored with the entry. */
    LOOK_BEHIND,
    /** §5: a commit notice counts only on a node that is synced to its term. */
    NOTICE_ONLY_SYNCED,
    /** §8: a quorum confirms the term after the read arrived. */
    READ_CONFIRMED,
    /** §8: the merged log is committed and applied before a read is served. */
    READ_AFTER_MERGED,
    /** §8: a read waits for the committed slots that overlap it. */
    READ_AFTER_OVERLAPS,
    /** §10: a gateway is told of a session's end when that is committed. */
    END_SESSIONS_COMMITTED,
    /** §8: no vote within the minimum election timeout of hearing a leader, or of a restart. */
    VOTE_REFUSED_WHILE_LED,
    /** §8: the lease is checked after the read. */
    LEASE_CHECKED,
    /** §8: no lease after TimeoutNow, for the rest of the term. */
    LEASE_ENDS_WITH_TRANSFER,
    /** §8: TimeoutNow counts in its own term only. */
    TRANSFER_IN_TERM,
    /** §11: a replica with amnesia neither votes nor campaigns. */
    AMNESIAC_SILENT,
    /** §11: a replica with amnesia acknowledges nothing. */
    AMNESIAC_NO_ACK,
    /** §11: the leader forgets what the earlier boot acknowledged. */
    CURE_FORGETS,
    /** §11: the cure covers every slot assigned, not only what the leader holds durably. */
    CURE_COVERS_ASSIGNED,
    /** §11: cured only once all is forced. */
    CURE_FORCES,
    /** §7: a piece of another install, or after the end, is dropped. */
    PIECES_OF_ONE_INSTALL,
    /** §7: an installing node takes no SYNC. */
    INSTALLING_TAKES_NO_SYNC,
    /** §7: an installing node is never a candidate. */
    INSTALLING_NEVER_CAMPAIGNS,
    /** §7: after an install, not readable, no checkpoint and no source before e is applied. */
    READABLE_FROM_E,
    /** §7: a store that is being overwritten does not count for the floor. */
    FLOOR_WITHOUT_MIXED,
    /** §7: the flag is durable before the first piece is written. */
    FLAG_BEFORE_PIECES,
    /** §7: applies rest from the begin of an install to its end. */
    APPLIES_REST_IN_INSTALL,
    /** §11: a force counts for a FLUSH only where every slot up to h is held. */
    FORCE_HOLDS_ALL,
    /** §11: without a quorum that is free of amnesia, only a merge over every voter may lead. */
    EVERY_VOTER_HEARD,
    /** §11: after a merge over every voter its leader's store is the one that counts; the others are installed from it. */
    ONE_STORE_COUNTS,
    /** §12: blocks are mended with a peer's only where no slot that one of the stores may lack touches them. */
    REPAIR_MATCHED,
    /** §9: a vacant seat, and a learner that wants it, count for nothing. */
    LEARNER_COUNTS_NOT,
    /** §9: a seat's new disk counts where the log says so, and the old one no more. */
    DISK_COUNTS_BY_INCARNATION,
    /** §9: the latest CONFIG of the merged log is in force for its own election. */
    MERGE_BY_NEWEST_CONFIG,
    /** §9: a new CONFIG only after this term's merged log is committed. */
    CONFIG_AFTER_MERGED,
    /** §9: all earlier slots are committed before a CONFIG is assigned, and it is alone in flight. */
    CONFIG_AFTER_DRAIN,
    /** §9: nothing is assigned before a CONFIG in flight is committed. */
    CONFIG_ALONE,
    /** §9: a learner holds every slot before the CONFIG that makes it count. */
    LEARNER_HOLDS_ALL,
    /** §9: a slot before a CONFIG was committed: no no-op there. */
    SLOTS_BEFORE_CONFIG_DECIDED,
    /** §9: the CONFIG that fills a seat is committed without that seat. */
    CONFIG_BY_BOTH
}
