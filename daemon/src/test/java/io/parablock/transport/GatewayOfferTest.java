package io.parablock.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.transport.GatewayOffer.Volume;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GatewayOfferTest {
    private static final long EXPIRY_NS = 60_000_000_000L;
    private static final Volume DISK = new Volume("disk", 10 << 20, 4 << 20, false, 1);

    private static GatewayOffer offer(Volume... volumes) {
        return new GatewayOffer(List.of(volumes), 64, EXPIRY_NS);
    }

    @Test
    void shouldNumberTheGroupsOfAVolume() {
        assertThat(DISK.groups()).containsExactly(1, 2, 3);
    }

    @Test
    void shouldAgreeWithWhatWasAddedOnly() {
        Volume added = new Volume("tape", 1 << 20, 1 << 20, false, 4);
        assertThat(offer(DISK).disagreement(offer(DISK, added), 64)).isEmpty();
        assertThat(offer(DISK, added).disagreement(offer(DISK), 64)).contains("does not have volume tape");
    }

    @ParameterizedTest
    @CsvSource({
        "20971520, 4194304, false, 1",
        "10485760, 2097152, false, 1",
        "10485760, 4194304, true, 1",
        "10485760, 4194304, false, 2"
    })
    void shouldNameTheVolumeThatANodeHasOtherwise(long size, long chunk, boolean readOnly, int group) {
        Volume other = new Volume("disk", size, chunk, readOnly, group);
        assertThat(offer(DISK).disagreement(offer(other), 64))
                .contains("it has " + other, "this gateway serves " + DISK)
                .doesNotContain("\n");
    }

    @Test
    void shouldNotWorkWithSmallerLimitsOfSessions() {
        GatewayOffer ours = offer(DISK);
        assertThat(ours.disagreement(new GatewayOffer(List.of(DISK), 32, EXPIRY_NS), 64))
                .contains("session_window");
        assertThat(ours.disagreement(new GatewayOffer(List.of(DISK), 64, EXPIRY_NS / 2), 64))
                .contains("session_expiry");
        assertThat(ours.disagreement(new GatewayOffer(List.of(DISK), 128, 2 * EXPIRY_NS), 64))
                .isEmpty();
        assertThat(ours.disagreement(new GatewayOffer(List.of(DISK), 32, EXPIRY_NS), 32))
                .as("the gateway uses no more")
                .isEmpty();
    }

    @Test
    void shouldRefuseAnOfferThatIsNotSound() {
        assertThatThrownBy(() -> new Volume("v", 0, 4096, false, 1)).isInstanceOf(CodecException.class);
        assertThatThrownBy(() -> new Volume("v", Long.MAX_VALUE, 4096, false, 1))
                .isInstanceOf(CodecException.class);
        assertThatThrownBy(() -> new Volume("v", 8192, 4096, false, GatewayOffer.GROUPS_MAX))
                .isInstanceOf(CodecException.class);
        assertThatThrownBy(() -> new GatewayOffer(List.of(DISK), 48, EXPIRY_NS)).isInstanceOf(CodecException.class);
    }

    @Test
    void shouldOfferNothingWhereTheConfigurationHasNoVolume() {
        assertThat(offer().volumes()).isEmpty();
        assertThat(offer().disagreement(offer(DISK), 32)).isEmpty();
    }

    @Test
    void shouldDrawNumbersAboveEveryNode() {
        Random random = new Random(5);
        for (int i = 0; i < 10_000; i++) {
            assertThat(GatewayHello.draw(random)).isGreaterThanOrEqualTo(GatewayHello.ID_MIN);
        }
        assertThatThrownBy(() -> new GatewayHello("c", 255, 1, 1, 0)).isInstanceOf(CodecException.class);
        assertThatThrownBy(() -> new GatewayHello("c", GatewayHello.ID_MIN, 1, 1, GatewayAccess.LANES_MAX))
                .isInstanceOf(CodecException.class);
    }
}
