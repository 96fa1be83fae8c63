package io.parablock.raft;

import java.util.EnumSet;
import java.util.Set;

/** Which guards a core keeps: all, but in a mutation test. Final fields, so that asking costs nothing. */
final class Guards {
    static final Guards ALL = new Guards(EnumSet.noneOf(Guard.class));

    final boolean ackOnlySynced;
    final boolean commitBySyncAcks;
    final boolean unreadableIsUnknown;
    final boolean dropDead;
    final boolean voteByLogBase;
    final boolean oneVote;
    final boolean noLateAck;
    final boolean ackDurable;
    final boolean dedupe;
    final boolean truncateBelowCheckpoint;
    final boolean truncateBelowFloor;
    final boolean applyInOrder;
    final boolean lookBehind;
    final boolean noticeOnlySynced;
    final boolean readConfirmed;
    final boolean readAfterMerged;
    final boolean readAfterOverlaps;
    final boolean endSessionsCommitted;
    final boolean voteRefusedWhileLed;
    final boolean leaseChecked;
    final boolean leaseEndsWithTransfer;
    final boolean transferInTerm;
    final boolean amnesiacSilent;
    final boolean amnesiacNoAck;
    final boolean cureForgets;
    final boolean cureCoversAssigned;
    final boolean cureForces;
    final boolean piecesOfOneInstall;
    final boolean installingTakesNoSync;
    final boolean installingNeverCampaigns;
    final boolean readableFromE;
    final boolean floorWithoutMixed;
    final boolean flagBeforePieces;
    final boolean appliesRestInInstall;
    final boolean forceHoldsAll;
    final boolean everyVoterHeard;
    final boolean oneStoreCounts;
    final boolean repairMatched;
    final boolean learnerCountsNot;
    final boolean diskCountsByIncarnation;
    final boolean mergeByNewestConfig;
    final boolean configAfterMerged;
    final boolean configAfterDrain;
    final boolean configAlone;
    final boolean learnerHoldsAll;
    final boolean slotsBeforeConfigDecided;
    final boolean configByBoth;

    /** @param off the guards to leave out */
    Guards(Set<Guard> off) {
        ackOnlySynced = !off.contains(Guard.ACK_ONLY_SYNCED);
        commitBySyncAcks = !off.contains(Guard.COMMIT_BY_SYNC_ACKS);
        unreadableIsUnknown = !off.contains(Guard.UNREADABLE_IS_UNKNOWN);
        dropDead = !off.contains(Guard.DROP_DEAD);
        voteByLogBase = !off.contains(Guard.VOTE_BY_LOG_BASE);
        oneVote = !off.contains(Guard.ONE_VOTE);
        noLateAck = !off.contains(Guard.NO_LATE_ACK);
        ackDurable = !off.contains(Guard.ACK_DURABLE);
        dedupe = !off.contains(Guard.DEDUPE);
        truncateBelowCheckpoint = !off.contains(Guard.TRUNCATE_BELOW_CHECKPOINT);
        truncateBelowFloor = !off.contains(Guard.TRUNCATE_BELOW_FLOOR);
        applyInOrder = !off.contains(Guard.APPLY_IN_ORDER);
        lookBehind = !off.contains(Guard.LOOK_BEHIND);
        noticeOnlySynced = !off.contains(Guard.NOTICE_ONLY_SYNCED);
        readConfirmed = !off.contains(Guard.READ_CONFIRMED);
        readAfterMerged = !off.contains(Guard.READ_AFTER_MERGED);
        readAfterOverlaps = !off.contains(Guard.READ_AFTER_OVERLAPS);
        endSessionsCommitted = !off.contains(Guard.END_SESSIONS_COMMITTED);
        voteRefusedWhileLed = !off.contains(Guard.VOTE_REFUSED_WHILE_LED);
        leaseChecked = !off.contains(Guard.LEASE_CHECKED);
        leaseEndsWithTransfer = !off.contains(Guard.LEASE_ENDS_WITH_TRANSFER);
        transferInTerm = !off.contains(Guard.TRANSFER_IN_TERM);
        amnesiacSilent = !off.contains(Guard.AMNESIAC_SILENT);
        amnesiacNoAck = !off.contains(Guard.AMNESIAC_NO_ACK);
        cureForgets = !off.contains(Guard.CURE_FORGETS);
        cureCoversAssigned = !off.contains(Guard.CURE_COVERS_ASSIGNED);
        cureForces = !off.contains(Guard.CURE_FORCES);
        piecesOfOneInstall = !off.contains(Guard.PIECES_OF_ONE_INSTALL);
        installingTakesNoSync = !off.contains(Guard.INSTALLING_TAKES_NO_SYNC);
        installingNeverCampaigns = !off.contains(Guard.INSTALLING_NEVER_CAMPAIGNS);
        readableFromE = !off.contains(Guard.READABLE_FROM_E);
        floorWithoutMixed = !off.contains(Guard.FLOOR_WITHOUT_MIXED);
        flagBeforePieces = !off.contains(Guard.FLAG_BEFORE_PIECES);
        appliesRestInInstall = !off.contains(Guard.APPLIES_REST_IN_INSTALL);
        forceHoldsAll = !off.contains(Guard.FORCE_HOLDS_ALL);
        everyVoterHeard = !off.contains(Guard.EVERY_VOTER_HEARD);
        oneStoreCounts = !off.contains(Guard.ONE_STORE_COUNTS);
        repairMatched = !off.contains(Guard.REPAIR_MATCHED);
        learnerCountsNot = !off.contains(Guard.LEARNER_COUNTS_NOT);
        diskCountsByIncarnation = !off.contains(Guard.DISK_COUNTS_BY_INCARNATION);
        mergeByNewestConfig = !off.contains(Guard.MERGE_BY_NEWEST_CONFIG);
        configAfterMerged = !off.contains(Guard.CONFIG_AFTER_MERGED);
        configAfterDrain = !off.contains(Guard.CONFIG_AFTER_DRAIN);
        configAlone = !off.contains(Guard.CONFIG_ALONE);
        learnerHoldsAll = !off.contains(Guard.LEARNER_HOLDS_ALL);
        slotsBeforeConfigDecided = !off.contains(Guard.SLOTS_BEFORE_CONFIG_DECIDED);
        configByBoth = !off.contains(Guard.CONFIG_BY_BOTH);
    }
}
