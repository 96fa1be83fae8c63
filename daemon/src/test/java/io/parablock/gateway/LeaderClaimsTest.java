package io.parablock.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.replica.client.ClientMessage.LeaderNotice;
import org.junit.jupiter.api.Test;

class LeaderClaimsTest {
    private final LeaderClaims claims = new LeaderClaims();

    private boolean leads(int node, long term) {
        return claims.onNotice(node, new LeaderNotice(term, true, 0));
    }

    private void follows(int node, long term) {
        assertThat(claims.onNotice(node, new LeaderNotice(term, false, 0))).isFalse();
    }

    @Test
    void shouldFollowTheClaimOfTheLatestTerm() {
        assertThat(claims.leader()).isZero();
        follows(1, 3);
        assertThat(claims.leader()).isZero();
        leads(3, 4);
        assertThat(claims.leader()).isEqualTo(3);
        // It was cut off and does not know yet.
        leads(2, 3);
        assertThat(claims.leader()).isEqualTo(3);
        leads(1, 5);
        assertThat(claims.leader()).isEqualTo(1);
        follows(1, 6);
        assertThat(claims.leader()).isEqualTo(3);
    }

    @Test
    void shouldForgetAClaimWithItsConnection() {
        leads(2, 3);
        claims.onConnection(2);
        assertThat(claims.leader()).isZero();
        leads(2, 3);
        assertThat(claims.leader()).isEqualTo(2);
    }

    @Test
    void shouldTellOnceOfWritesThatWereLost() {
        leads(1, 3);
        assertThat(claims.onNotice(2, new LeaderNotice(5, false, 5))).isTrue();
        assertThat(claims.onNotice(3, new LeaderNotice(5, false, 5))).isFalse();
        assertThat(claims.onNotice(2, new LeaderNotice(5, true, 5))).isFalse();
        assertThat(claims.onNotice(2, new LeaderNotice(7, false, 7))).isTrue();
    }

    /** What was lost before this gateway could write is none of its clients' concern. */
    @Test
    void shouldNotTellOfLossesBeforeTheFirstLeader() {
        assertThat(claims.onNotice(2, new LeaderNotice(5, false, 4))).isFalse();
        assertThat(leads(1, 5)).isFalse();
        assertThat(claims.onNotice(3, new LeaderNotice(5, false, 5))).isFalse();
        assertThat(claims.onNotice(3, new LeaderNotice(6, false, 6))).isTrue();
    }
}
