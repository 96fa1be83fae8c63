package io.parablock.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.state.RecoveredState;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which sessions a leader ends by itself (protocol.md §10). One node is a quorum here. */
class SessionExpiryTest {
    private static final long MS = 1_000_000L;
    private static final long EXPIRY = 60_000 * MS;
    private static final int GATEWAY = 4;

    private RaftNode node;
    private long now = 1_000 * MS;
    private boolean durable = true;

    @BeforeEach
    void elect() {
        RaftConfig config = RaftConfig.defaults(1, 1, new int[] {1}).withSessionExpiryNs(EXPIRY);
        node = new RaftNode(config, RecoveredState.fresh(), 1, now);
        pass(1_000);
        assertThat(node.isReady()).isTrue();
    }

    private void work() {
        Output o = node.output();
        while (!o.isEmpty()) {
            List<Entry> appends = durable ? List.copyOf(o.appends) : List.of();
            List<Entry> applies = List.copyOf(o.applies);
            o.clear();
            appends.forEach(e -> node.onDurable(e.slot(), e.origin(), now));
            applies.forEach(e -> node.onApplied(e.slot(), now));
        }
    }

    private void pass(long ms) {
        for (long end = now + ms * MS; now < end; ) {
            now += 5 * MS;
            node.tick(now);
            work();
        }
    }

    private long open(long boot, long nonce) {
        node.proposeOpenSession(GATEWAY, boot, nonce, now);
        work();
        return node.sessionOf(GATEWAY, boot, nonce);
    }

    private void keepAlive(long boot, long nextNonce, Long... live) {
        node.onKeepAlive(GATEWAY, boot, nextNonce, List.of(live), now);
        work();
    }

    private ProposeResult write(long session, long seq) {
        ProposeResult r = node.propose(EntryKind.TRIM, 0, 4096, session, seq, 0, 0, 0, null, now);
        work();
        return r;
    }

    @Test
    void shouldKeepTheSessionsOfAGatewayThatIsHeard() {
        long session = open(7, 70);
        for (int i = 0; i < 20; i++) {
            pass(10_000);
            keepAlive(7, 71, 70L);
        }
        assertThat(write(session, 0)).isEqualTo(ProposeResult.ACCEPTED);
    }

    @Test
    void shouldEndTheSessionsOfASilentGateway() {
        long session = open(7, 70);
        assertThat(write(session, 0)).isEqualTo(ProposeResult.ACCEPTED);
        pass(59_000);
        assertThat(node.gatewayOf(session)).isEqualTo(GATEWAY);
        pass(10_000);
        assertThat(node.gatewayOf(session)).isZero();
        assertThat(node.entry(node.status().lastSlot())).satisfies(e -> {
            assertThat(e.kind()).isEqualTo(EntryKind.SESSION);
            assertThat(e.session()).isEqualTo(session);
        });
        assertThat(write(session, 1)).isEqualTo(ProposeResult.UNKNOWN_SESSION);
    }

    @Test
    void shouldEndTheSessionsOfAnEarlierRunOfTheGateway() {
        long session = open(7, 70);
        pass(1_000);
        keepAlive(8, 80);
        assertThat(node.gatewayOf(session)).isZero();
    }

    @Test
    void shouldNotBeMisledByAnEarlierRunThatIsHeardLate() {
        long old = open(7, 70);
        pass(1_000);
        long fresh = open(8, 80);
        assertThat(node.gatewayOf(old)).isZero();
        pass(1_000);
        keepAlive(7, 71, 70L);
        pass(1_000);
        assertThat(node.gatewayOf(fresh)).isEqualTo(GATEWAY);
    }

    @Test
    void shouldEndWhatTheGatewayHasGivenUpAndNothingNewer() {
        long lost = open(7, 70);
        long kept = open(7, 71);
        long fresh = open(7, 72);
        keepAlive(7, 72, 71L);
        assertThat(node.gatewayOf(lost)).isZero();
        assertThat(node.gatewayOf(kept)).isEqualTo(GATEWAY);
        assertThat(node.gatewayOf(fresh))
                .as("opened after the sign of life was made")
                .isEqualTo(GATEWAY);
        keepAlive(7, 73, 71L, 72L);
        keepAlive(7, 72, 71L);
        assertThat(node.gatewayOf(fresh)).as("an older sign of life comes late").isEqualTo(GATEWAY);
    }

    /** The number of open sessions is capped; clients that come and go while their ends get lost never reach it. */
    @Test
    void shouldHaveRoomForManyMoreSessionsThanThereMayBeAtOnce() {
        for (int i = 0; i < 3 * 1024; i++) {
            assertThat(open(7, 100 + i)).isPositive();
            pass(5);
            if (i % 500 == 0) {
                keepAlive(7, 100 + i + 1, 100L + i);
            }
        }
    }

    /** A client writes again after the error: no later leader may still take what is left of the old session. */
    @Test
    void shouldTellOfTheEndOnlyWhenItIsCommitted() {
        long session = open(7, 70);
        durable = false;
        node.proposeCloseSession(session, now);
        Entry end = node.output().appends.get(0);
        work();
        assertThat(write(session, 0)).as("dropped; the gateway asks again").isEqualTo(ProposeResult.SEQ_STALE);
        node.onDurable(end.slot(), end.origin(), now);
        work();
        assertThat(write(session, 0)).isEqualTo(ProposeResult.UNKNOWN_SESSION);
    }
}
