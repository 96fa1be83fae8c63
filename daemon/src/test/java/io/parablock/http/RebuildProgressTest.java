package io.parablock.http;

import static io.parablock.http.FixedReading.node;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RebuildProgressTest {
    private static final long SECOND_NS = 1_000_000_000;

    private final RebuildProgress progress = new RebuildProgress();

    private static String install(long done) {
        return "{'groups':[{'role':'follower','install_done_bytes':" + done + ",'install_total_bytes':10000}]}";
    }

    @Test
    void shouldTellThePaceAndTheRest() {
        progress.take(0, node(install(1_000)));
        assertThat(progress.json())
                .hasToString("[{\"what\":\"install\",\"unit\":\"bytes\",\"done\":1000,\"total\":10000}]");
        progress.take(5 * SECOND_NS, node(install(2_000)));
        assertThat(progress.json()).hasToString("""
                [{"what":"install","unit":"bytes","done":2000,"total":10000,"rate":200,"eta_s":40}]""");
    }

    @Test
    void shouldFollowAChangeOfPace() {
        for (int s = 0; s <= 100; s++) {
            progress.take(s * SECOND_NS, node(install(s < 50 ? s * 10 : 500 + (s - 50) * 100)));
        }
        assertThat(progress.json().get(0).get("rate").asLong()).isEqualTo(100);
        for (int s = 101; s <= 140; s++) {
            progress.take(s * SECOND_NS, node(install(5_500)));
        }
        // It stands still: no rest can be told.
        assertThat(progress.json().get(0).has("eta_s")).isFalse();
    }

    @Test
    void shouldBeginAnewWithANewRebuild() {
        progress.take(0, node(install(9_000)));
        progress.take(SECOND_NS, node(install(100)));
        assertThat(progress.json().get(0).has("rate")).isFalse();
        progress.take(2 * SECOND_NS, node("{'groups':[{'role':'follower','install_total_bytes':0}]}"));
        assertThat(progress.json()).isEmpty();
    }

    @Test
    void shouldKnowEachKind() {
        progress.take(0, node("""
                {'blocks':{'pending_bytes':300,'mended_bytes':700},
                 'groups':[{'role':'leader','install_done_bytes':1,'install_total_bytes':2},
                           {'role':'follower','amnesiac':true,'cure_held_slot':5,'cure_needed_slot':9}]}"""));
        assertThat(progress.json()).hasToString("""
                [{"what":"send","unit":"bytes","done":1,"total":2},\
                {"what":"cure","unit":"slots","done":5,"total":9},\
                {"what":"repair","unit":"bytes","done":700,"total":1000}]""");
    }
}
