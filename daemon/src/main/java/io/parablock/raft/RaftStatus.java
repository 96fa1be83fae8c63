package io.parablock.raft;

import io.parablock.raft.membership.Members;
import java.util.Arrays;

/**
 * A reading of the core for status and metrics.
 *
 * @param leader the known leader's node id, 0 for none
 * @param holes empty slots below the last slot
 * @param inFlight leader: slots assigned and not committed
 * @param peerContig leader: each voter's contiguous prefix, in the order of {@link RaftConfig#voters()}; -1 unknown
 * @param cureTo amnesiac: the slot up to which the cure must reach (contigPrefix is where it is), 0 before it began
 * @param installing an install is overwriting the block store
 * @param installDoneBytes of the own install, on a leader of all that it sends
 * @param installTotalBytes likewise; 0 when there is none
 * @param members whose disks count, as of the applied prefix
 * @param memberChange leader: what it does about a change of members, one word; empty when nothing changes
 */
public record RaftStatus(
        Role role,
        int leader,
        long term,
        long syncTerm,
        long mSync,
        long lastSlot,
        long contigPrefix,
        long commitWatermark,
        long appliedPrefix,
        long logBase,
        long checkpoint,
        long floor,
        long holes,
        long inFlight,
        long ackedOutOfOrder,
        long sentAgainOvertaken,
        long committedOutOfOrder,
        long appliedOutOfOrder,
        long conflictsWaited,
        long elections,
        boolean ready,
        boolean amnesiac,
        long cureTo,
        long[] peerContig,
        boolean installing,
        long installDoneBytes,
        long installTotalBytes,
        Members members,
        String memberChange) {
    /** Leader: what every voter surely holds. */
    public long lowestContig() {
        return Arrays.stream(peerContig).min().orElse(Long.MAX_VALUE - 1);
    }

    static RaftStatus of(CoreState state, Leader leader, InstallReceiver installs, Cure cure) {
        return new RaftStatus(
                state.role,
                state.leader,
                state.term,
                state.syncTerm,
                state.mSync,
                state.log.last(),
                state.log.contigPrefix(),
                state.committed.watermark(),
                state.apply.appliedPrefix(),
                state.log.base(),
                state.checkpoint,
                state.floor,
                state.log.holes(),
                leader.inFlight(),
                state.ackedOutOfOrder,
                state.sentAgainOvertaken,
                state.committedOutOfOrder,
                state.apply.appliedOutOfOrder(),
                state.apply.conflictsWaited(),
                state.elections,
                state.role == Role.LEADER,
                state.amnesiac,
                cure.slotsTo(),
                leader.peers.contigPrefixes(),
                state.installing,
                installs.doneBytes() + leader.installs.doneBytes(),
                installs.totalBytes() + leader.installs.totalBytes(),
                state.configs.applied(),
                leader.change.phase());
    }
}
