package io.parablock.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.RaftConfig;
import io.parablock.raft.RaftNode;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.state.RecoveredState;
import io.parablock.simulator.check.EntryView;
import org.junit.jupiter.api.Test;

class ProposalBookTest {
    private static final long SESSION = 9;
    private static final long SEQ = 3;

    /** Seed 3396: a paused leader of term 4 proposed what the leader of term 5 had in its log already. */
    @Test
    void shouldTakeTheLatestTermsProposalForTheOneThatIsTruncated() {
        ProposalBook book = new ProposalBook();
        book.onProposed(proposal(592, 5));
        book.onProposed(proposal(580, 4));
        RaftNode truncated = new RaftNode(RaftConfig.defaults(1, 1, new int[] {1}), RecoveredState.fresh(), 1, 0);
        EntryView answered = book.proposal(truncated, SESSION, SEQ);
        assertThat(answered).isNotNull();
        assertThat(answered.slot()).isEqualTo(592);
    }

    private static EntryView proposal(long slot, long origin) {
        return new EntryView(slot, origin, EntryKind.WRITE, 0, 4096, SESSION, SEQ, 0, 0, 0, new long[0]);
    }
}
