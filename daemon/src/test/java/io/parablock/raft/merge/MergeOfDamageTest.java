package io.parablock.raft.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.log.RaftLog;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.merge.Merge.Fate;
import io.parablock.raft.message.Message.VoteReply;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Slots that the candidate, node 1 of three, has as UNKNOWN (protocol.md §3, §12). */
class MergeOfDamageTest {
    private static final List<SlotRun> NONE = List.of();
    private static final List<SlotRun> SLOT_ONE = List.of(new SlotRun(1, 1));

    private static VoteReply vote(List<SlotRun> present, List<SlotRun> unknown, List<SlotRun> aboveD, long applied) {
        List<Integer> crcs = present.isEmpty() ? List.of() : List.of(5);
        return new VoteReply(2, true, 1, 0, 0, applied, 0, present, crcs, unknown, aboveD);
    }

    private static Merge.Settled slotOne(long mSync, boolean aboveD, Map<Integer, VoteReply> votes) {
        RaftLog log = new RaftLog(0, 0);
        log.putUnknown(1);
        Set<Long> own = aboveD ? Set.of(1L) : Set.of();
        return Merge.settle(log, 1, mSync, own, votes, 3, false).missing().get(0);
    }

    @Test
    void shouldFetchFromAnyReadableCopy() {
        VoteReply absent = vote(NONE, NONE, NONE, 0);
        VoteReply present = vote(SLOT_ONE, NONE, NONE, 0);
        assertThat(slotOne(0, false, Map.of(2, absent, 3, present))).isEqualTo(new Merge.Settled(1, Fate.FETCH, 3));
        assertThat(Merge.crcOf(present, 1)).isEqualTo(5);
        assertThat(Merge.crcOf(present, 2)).isNull();
    }

    @Test
    void shouldWaitForTheLastVoter() {
        VoteReply absent = vote(NONE, NONE, NONE, 0);
        assertThat(slotOne(0, true, Map.of(2, absent)).fate()).isEqualTo(Fate.WAIT);
    }

    @Test
    void shouldPutNoopOnceAMajorityIsSurelyAbsent() {
        VoteReply absent = vote(NONE, NONE, NONE, 0);
        assertThat(slotOne(0, false, Map.of(2, absent, 3, absent)).fate()).isEqualTo(Fate.NOOP);
    }

    @Test
    void shouldPutNoopOverTornCopiesWhenEveryVoterHasAnswered() {
        VoteReply absent = vote(NONE, NONE, NONE, 0);
        VoteReply torn = vote(NONE, SLOT_ONE, SLOT_ONE, 0);
        assertThat(slotOne(0, true, Map.of(2, torn, 3, absent)).fate()).isEqualTo(Fate.NOOP);
    }

    @Test
    void shouldRefuseWhenACopyThatWasDurableIsUnreadable() {
        VoteReply absent = vote(NONE, NONE, NONE, 0);
        VoteReply torn = vote(NONE, SLOT_ONE, SLOT_ONE, 0);
        VoteReply corrupt = vote(NONE, SLOT_ONE, NONE, 0);
        assertThat(slotOne(0, false, Map.of(2, torn, 3, absent)).fate()).isEqualTo(Fate.LOST);
        assertThat(slotOne(0, true, Map.of(2, corrupt, 3, absent)).fate()).isEqualTo(Fate.LOST);
        assertThat(slotOne(1, true, Map.of(2, torn, 3, torn)).fate())
                .as("in the merged log of S")
                .isEqualTo(Fate.LOST);
    }

    @Test
    void shouldWaitForAnotherLeaderWhenAVoterHasAppliedTheSlot() {
        VoteReply applied = vote(NONE, NONE, NONE, 1);
        VoteReply torn = vote(NONE, SLOT_ONE, SLOT_ONE, 0);
        assertThat(slotOne(0, true, Map.of(2, applied, 3, torn)).fate()).isEqualTo(Fate.WAIT);
    }
}
