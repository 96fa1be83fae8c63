package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.simulator.check.Violation;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class ClientHistoryTest {
    private final ClientHistory history = new ClientHistory(4);

    private ClientHistory.Request written(int client, int block) {
        ClientHistory.Request write = history.write(client, block, 1);
        history.answered(write);
        return write;
    }

    private void read(int client, int block, ByteBuffer content) {
        history.answered(history.read(client, block, 1), content);
    }

    private void read(int client, ClientHistory.Request write) {
        read(client, write.first(), ClientHistory.content(write));
    }

    @Test
    void shouldTakeWhatIsRight() {
        ClientHistory.Request first = written(1, 0);
        read(2, first);
        history.endRound();
        read(2, first);
        ClientHistory.Request wide = history.write(1, 0, 3);
        read(2, 1, ByteBuffer.allocate(ClientHistory.BLOCK_BYTES));
        history.answered(wide);
        ClientHistory.Request both = history.read(3, 1, 2);
        history.answered(both, ClientHistory.content(wide));
        history.endRound();
        assertThat(history.problems()).isEmpty();
        assertThat(history.checked()).isEqualTo(7);
    }

    @Test
    void shouldFindAStaleRead() {
        ClientHistory.Request old = written(1, 2);
        ClientHistory.Request fresh = written(2, 2);
        assertThat(fresh.stamp()).isNotEqualTo(old.stamp());
        read(3, old);
        assertThatThrownBy(history::endRound).isInstanceOf(Violation.class);
    }

    @Test
    void shouldFindAStaleReadOfAnEarlierRound() {
        ClientHistory.Request old = written(1, 2);
        read(3, old);
        history.endRound();
        read(3, written(2, 2));
        history.endRound();
        read(3, old);
        assertThatThrownBy(history::endRound).isInstanceOf(Violation.class);
    }

    @Test
    void shouldLetALostWriteSurfaceLater() {
        ClientHistory.Request lost = history.write(1, 0, 1);
        history.lost(lost);
        ClientHistory.Request other = written(2, 0);
        read(2, other);
        history.endRound();
        read(2, other);
        read(2, lost);
        history.endRound();
        read(3, lost);
        history.endRound();
        assertThat(history.problems()).isEmpty();
    }

    @Test
    void shouldFindAZombie() {
        ClientHistory.Request lost = history.write(1, 0, 1);
        history.lost(lost);
        ClientHistory.Request again = written(1, 0);
        read(2, again);
        assertThat(history.problems()).isEmpty();
        read(2, lost);
        assertThat(history.problems()).singleElement().asString().contains("zombie");
    }

    @Test
    void shouldKnowTheLostWriteOfAnotherBlockOrClient() {
        ClientHistory.Request lost = history.write(1, 0, 1);
        history.lost(lost);
        read(2, written(1, 1));
        read(2, written(2, 0));
        read(2, lost);
        history.endRound();
        assertThat(history.problems()).isEmpty();
    }

    @Test
    void shouldNotTakeWhatWasRefused() {
        ClientHistory.Request refused = history.write(1, 0, 1);
        history.refused(refused);
        read(2, refused);
        assertThatThrownBy(history::endRound).isInstanceOf(Violation.class).hasMessageContaining("nobody wrote");
    }

    @Test
    void shouldFindATornBlock() {
        ClientHistory.Request write = written(1, 0);
        ByteBuffer torn = ClientHistory.content(write);
        torn.putLong(ClientHistory.BLOCK_BYTES - 8, 0);
        read(2, 0, torn);
        assertThat(history.problems()).singleElement().asString().contains("torn");
    }

    @Test
    void shouldRefuseToEndARoundTooEarly() {
        ClientHistory.Request write = history.write(1, 0, 1);
        assertThat(write.stamp()).isPositive();
        assertThatThrownBy(history::endRound).isInstanceOf(IllegalStateException.class);
    }
}
