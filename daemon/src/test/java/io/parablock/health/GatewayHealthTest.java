package io.parablock.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.http.GatewayReading;
import io.parablock.http.GatewayReading.Group;
import io.parablock.http.GatewayReading.Member;
import io.parablock.metrics.Metric;
import io.parablock.metrics.NodeMeters;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a gateway says of itself, from its readings. */
class GatewayHealthTest {
    private static GatewayHealth of(List<Member> members, List<Group> groups) {
        return new GatewayHealth(
                new GatewayReading(300, "test", "", "", "nio", "inline", members, List.of(), groups), "1.2.3");
    }

    private static Member node(int id, boolean connected) {
        return new Member(id, connected, connected ? 2 : 0, 0);
    }

    private static Group group(int id, int leader) {
        return new Group(id, leader, 0, 0, 0, 0, 0);
    }

    private static final List<Member> TWO_OF_THREE = List.of(node(1, true), node(2, true), node(3, false));

    @Test
    void shouldServeWhileEveryLeaderIsConnected() {
        GatewayHealth health = of(TWO_OF_THREE, List.of(group(1, 1), group(2, 2)));
        assertThat(health.json().path("health").toString())
                .isEqualTo("{\"state\":\"serving: 2 groups\",\"warnings\":[\"peer down: node 3 is not connected\"]}");
        assertThat(health.json().path("version").asText()).isEqualTo("1.2.3");
        assertThat(of(TWO_OF_THREE, List.of(group(1, 1))).state()).isEqualTo("serving: 1 group");
    }

    @Test
    void shouldTellWhatItWaitsFor() {
        assertThat(of(TWO_OF_THREE, List.of()).state())
                .isEqualTo("forming: no node has told yet what there is to serve");
        assertThat(of(TWO_OF_THREE, List.of(group(1, 1), group(2, 0), group(3, 3)))
                        .state())
                .isEqualTo("election running: no leader is known of group 2, and 1 more");
        assertThat(of(TWO_OF_THREE, List.of(group(1, 3))).state())
                .isEqualTo("election running: node 3 is not connected, the last leader of group 1");
    }

    @Test
    void shouldHaveItsWarningsAsFigures() {
        NodeMeters meters = new NodeMeters();
        of(TWO_OF_THREE, List.of()).figures(meters);
        assertThat(meters.registry()
                        .get(Metric.WARNINGS.meterName())
                        .tag("kind", "peer_down")
                        .gauge()
                        .value())
                .isEqualTo(1);
        meters.close();
    }
}
