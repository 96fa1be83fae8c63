package io.parablock.raft;

import io.parablock.raft.state.RecoveredState;
import java.util.EnumSet;
import org.jspecify.annotations.Nullable;

/** A core with one guard of the protocol taken away. */
public enum Mutation {
    NONE,
    ACK_WHILE_NOT_SYNCED(Guard.ACK_ONLY_SYNCED),
    COMMIT_BY_OLDER_COPIES(Guard.COMMIT_BY_SYNC_ACKS),
    UNREADABLE_COUNTS_AS_ABSENT(Guard.UNREADABLE_IS_UNKNOWN),
    OLDER_ENTRIES_SURVIVE_A_SYNC(Guard.DROP_DEAD),
    VOTE_WITHOUT_LOG_BASE(Guard.VOTE_BY_LOG_BASE),
    VOTE_TWICE(Guard.ONE_VOTE),
    ACK_FOR_LOWER_TERM_AFTER_REPORT(Guard.NO_LATE_ACK),
    ACK_BEFORE_DURABLE(Guard.ACK_DURABLE),
    DEDUPE_OFF(Guard.DEDUPE),
    TRUNCATE_ABOVE_CHECKPOINT(Guard.TRUNCATE_BELOW_CHECKPOINT),
    TRUNCATE_PAST_FLOOR(Guard.TRUNCATE_BELOW_FLOOR),
    APPLY_IGNORES_OVERLAP(Guard.APPLY_IN_ORDER),
    NO_LOOK_BEHIND(Guard.LOOK_BEHIND),
    COMMIT_NOTICE_WHILE_NOT_SYNCED(Guard.NOTICE_ONLY_SYNCED),
    READ_WITHOUT_QUORUM(Guard.READ_CONFIRMED),
    READ_BEFORE_MERGED_LOG(Guard.READ_AFTER_MERGED),
    READ_BEFORE_OVERLAPS(Guard.READ_AFTER_OVERLAPS),
    LEASE_WITHOUT_VOTE_REFUSAL(Guard.VOTE_REFUSED_WHILE_LED),
    LEASE_NOT_CHECKED_AFTER_READ(Guard.LEASE_CHECKED),
    LEASE_KEPT_AFTER_TIMEOUT_NOW(Guard.LEASE_ENDS_WITH_TRANSFER),
    TIMEOUT_NOW_IN_A_NEWER_TERM(Guard.TRANSFER_IN_TERM),
    AMNESIAC_VOTES(Guard.AMNESIAC_SILENT),
    AMNESIAC_ACKS(Guard.AMNESIAC_NO_ACK),
    CURE_WITHOUT_FORGETTING(Guard.CURE_FORGETS),
    CURE_WITHOUT_ASSIGNED(Guard.CURE_COVERS_ASSIGNED),
    CURED_BEFORE_FORCED(Guard.CURE_FORCES),
    TAKE_LATE_PIECES(Guard.PIECES_OF_ONE_INSTALL),
    SYNC_WHILE_INSTALLING(Guard.INSTALLING_TAKES_NO_SYNC),
    CAMPAIGN_WHILE_INSTALLING(Guard.INSTALLING_NEVER_CAMPAIGNS),
    READABLE_BEFORE_E(Guard.READABLE_FROM_E),
    FLOOR_COUNTS_A_MIXED_STORE(Guard.FLOOR_WITHOUT_MIXED),
    PIECES_BEFORE_THE_FLAG(Guard.FLAG_BEFORE_PIECES),
    APPLY_WHILE_INSTALLING(Guard.APPLIES_REST_IN_INSTALL),
    FORCE_WITH_HOLES(Guard.FORCE_HOLDS_ALL),
    AMNESIAC_QUORUM_LEADS(Guard.EVERY_VOTER_HEARD),
    STORES_AS_THEY_WERE(Guard.ONE_STORE_COUNTS),
    /** Of the shell's repair: {@code RepairMutantTest} has it. */
    REPAIR_WITH_ANYTHING(Guard.REPAIR_MATCHED);

    private final @Nullable Guard off;

    Mutation() {
        this.off = null;
    }

    Mutation(Guard off) {
        this.off = off;
    }

    public RaftNode newCore(RaftConfig config, RecoveredState recovered, long seed, long nowNs) {
        Guards guards = off == null ? Guards.ALL : new Guards(EnumSet.of(off));
        return new RaftNode(config, guards, recovered, seed, nowNs);
    }
}
