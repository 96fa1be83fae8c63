package io.parablock.http;

import static io.parablock.http.FixedReading.node;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ClusterViewTest {
    @Test
    void shouldShowWhatTheLeaderKnows() {
        var status = node("""
                {'id':1,'role':'leader','voters':[1,2,3],'connected':[2],
                 'groups':[{'leader':1,'lag':{'1':0,'2':4,'3':900}}]}""");
        assertThat(ClusterView.nodes(status)).hasToString(node("""
                {'n':[{'id':1,'self':true,'connected':true,'leads':1,'role':'leader'},
                 {'id':2,'self':false,'connected':true,'leads':0,'role':'follower','lag':4},
                 {'id':3,'self':false,'connected':false,'leads':0,'role':'unknown','lag':900}]}""").get("n").toString());
    }

    @Test
    void shouldNotGuessRolesWhileNobodyLeads() {
        var status = node("""
                {'id':2,'role':'candidate','voters':[1,2,3],'connected':[1,3],'groups':[{'leader':null,'lag':{}}]}""");
        assertThat(ClusterView.nodes(status).findValuesAsText("role"))
                .containsExactly("unknown", "candidate", "unknown");
        assertThat(ClusterView.lag(status)).isEmpty();
    }

    @Test
    void shouldAddUpGroups() {
        var status = node("""
                {'id':1,'role':'leader','voters':[1,2],'connected':[2],
                 'groups':[{'leader':1,'lag':{'2':4}},{'leader':2,'lag':{}},{'leader':1,'lag':{'2':5}}]}""");
        assertThat(ClusterView.lag(status)).isEqualTo(Map.of(2, 9L));
        assertThat(ClusterView.nodes(status).findValues("leads")).hasToString("[2, 1]");
        assertThat(ClusterView.nodes(status).findValuesAsText("role")).containsExactly("leader", "leader");
    }

    @Test
    void shouldShowWhatAGatewayKnows() {
        var status = node("""
                {'role':'gateway','id':7001,'members':[{'id':1,'connected':true},{'id':2,'connected':false}],
                 'groups':[{'group':0,'leader':1}]}""");
        assertThat(ClusterView.nodes(status)).hasToString(node("""
                {'n':[{'id':1,'self':false,'connected':true,'leads':1,'role':'leader'},
                 {'id':2,'self':false,'connected':false,'leads':0,'role':'unknown'}]}""").get("n").toString());
    }

    @Test
    void shouldShowNothingOfNothing() {
        assertThat(ClusterView.lag(node("{}"))).isEmpty();
    }
}
