package io.parablock.blockdev.nbd.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReadGateTest {
    private static final int HEADER_BYTES = 28;

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final ReadGate gate = new ReadGate(channel);

    @BeforeEach
    void freeze() {
        channel.freezeTime();
    }

    private boolean reads() {
        return channel.config().isAutoRead();
    }

    private void pass(long ms) {
        channel.advanceTimeBy(ms, TimeUnit.MILLISECONDS);
        channel.runPendingTasks();
    }

    @Test
    void shouldGiveOthersATurnBehindALargePayload() {
        for (int bytes = 64 << 10; bytes < ReadGate.TURN_BYTES_MAX; bytes += 64 << 10) {
            gate.onRead(64 << 10);
            assertThat(reads()).isTrue();
        }
        gate.onRead(64 << 10);
        assertThat(reads()).isFalse();
        assertThat(gate.isWanted()).isTrue();
        channel.runPendingTasks();
        assertThat(reads()).isTrue();
    }

    @Test
    void shouldNotReadAfterTheTurnWhatIsNotWanted() {
        gate.onRead(ReadGate.TURN_BYTES_MAX);
        gate.want(false);
        channel.runPendingTasks();
        assertThat(reads()).isFalse();
        gate.want(true);
        assertThat(reads()).isTrue();
    }

    @Test
    void shouldNotReadBeforeTheTurnWhatIsWantedAgain() {
        gate.onRead(ReadGate.TURN_BYTES_MAX);
        gate.want(false);
        gate.want(true);
        assertThat(reads()).isFalse();
        channel.runPendingTasks();
        assertThat(reads()).isTrue();
    }

    @Test
    void shouldReadSeldomFromAClientThatSendsByteByByte() {
        int reads = 0;
        for (long ms = 0; ms < 10_000; ms++) {
            if (reads()) {
                gate.onRead(1);
                reads++;
            }
            pass(1);
        }
        long free = ReadGate.CREDIT_BYTES_MAX / (ReadGate.READ_BYTES_MIN - 1) + 1;
        assertThat(reads).isBetween(10, (int) (free + 10_000 / ReadGate.PAUSE_MS));
    }

    @Test
    void shouldReadAtOnceFromAClientThatSendsWholeMessages() {
        // Flags and an option in pieces, then headers apart from their payloads.
        for (int bytes : new int[] {4, 16, 1, 1, 4}) {
            gate.onRead(bytes);
        }
        for (int i = 0; i < 1_000; i++) {
            gate.onRead(HEADER_BYTES);
            gate.onRead(512);
            gate.onRead(HEADER_BYTES);
            assertThat(reads()).isTrue();
        }
    }

    @Test
    void shouldForgiveOnceTheBytesComeTogether() {
        for (int i = 0; i < 100; i++) {
            gate.onRead(1);
        }
        assertThat(reads()).isFalse();
        pass(ReadGate.PAUSE_MS);
        gate.onRead(HEADER_BYTES);
        assertThat(reads()).isTrue();
    }
}
