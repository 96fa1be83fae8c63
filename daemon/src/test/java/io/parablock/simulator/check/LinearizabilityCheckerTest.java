package io.parablock.simulator.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.simulator.check.History.Kind;
import org.junit.jupiter.api.Test;

class LinearizabilityCheckerTest {
    private final History history = new History();
    private long nowNs;

    private int begin(Kind kind, long first, int units, long stamp) {
        return history.invoke(1, kind, first, units, stamp, nowNs += 10);
    }

    private void write(long first, int units, long stamp) {
        history.ok(begin(Kind.WRITE, first, units, stamp), nowNs += 10);
    }

    private void read(long first, long... values) {
        history.okRead(begin(Kind.READ, first, values.length, 0), values, nowNs += 10);
    }

    private void flush() {
        history.ok(begin(Kind.FLUSH, 0, 0, 0), nowNs += 10);
    }

    private void shouldHold() {
        assertThat(new LinearizabilityChecker(history).counterexample()).isNull();
    }

    private void shouldFail(String... parts) {
        assertThat(new LinearizabilityChecker(history).counterexample()).contains(parts);
    }

    @Test
    void shouldTakeADiskThatKeepsWhatItIsGiven() {
        write(0, 4, 1);
        write(2, 4, 2);
        read(0, 1, 1, 2, 2, 2, 2, 0);
        history.ok(begin(Kind.ZERO, 1, 2, 0), nowNs += 10);
        read(0, 1, 0, 0, 2);
        shouldHold();
    }

    @Test
    void shouldNameUnitAndOperationsOfAStaleRead() {
        write(3, 1, 1);
        write(3, 2, 2);
        read(3, 1, 2);
        shouldFail("unit 3", "write 1", "read 1", "write 2", "op 2");
        assertThatThrownBy(() -> new LinearizabilityChecker(history).check())
                .isInstanceOf(Violation.class)
                .hasMessageContaining("LinearizabilityChecker");
    }

    @Test
    void shouldNotTieTheUnitsOfAWriteTogether() {
        int w = begin(Kind.WRITE, 0, 2, 1);
        read(0, 1, 0);
        read(0, 1, 1);
        history.ok(w, nowNs += 10);
        shouldHold();
    }

    @Test
    void shouldTakeAnUnansweredWriteEitherWayButNotBoth() {
        begin(Kind.WRITE, 0, 1, 1);
        read(0, 0);
        read(0, 1);
        shouldHold();
        read(0, 0);
        shouldFail("unit 0");
    }

    @Test
    void shouldNotExpectARefusedWrite() {
        history.refused(begin(Kind.WRITE, 0, 1, 1));
        read(0, 0);
        shouldHold();
        read(0, 1);
        shouldFail("nobody wrote");
    }

    @Test
    void shouldKeepFlushedWritesThroughAPowerLoss() {
        write(0, 1, 1);
        flush();
        write(0, 1, 2);
        history.unflushedMayBeLost();
        read(0, 1);
        shouldHold();
    }

    @Test
    void shouldKeepUnflushedWritesIfTheDiskDoes() {
        write(0, 1, 1);
        flush();
        write(0, 1, 2);
        write(0, 1, 3);
        history.unflushedMayBeLost();
        read(0, 2);
        write(0, 1, 4);
        read(0, 4);
        shouldHold();
    }

    @Test
    void shouldNotTakeForFlushedWhatAnEarlierPowerLossTook() {
        write(0, 1, 1);
        flush();
        write(0, 1, 2);
        history.unflushedMayBeLost();
        flush();
        history.unflushedMayBeLost();
        read(0, 1);
        shouldHold();
    }

    @Test
    void shouldMissAFlushedWriteLostByAPowerLoss() {
        write(0, 1, 1);
        write(0, 1, 2);
        flush();
        history.unflushedMayBeLost();
        read(0, 1);
        shouldFail("after a power loss", "write 1", "read 1");
    }

    @Test
    void shouldMissAFlushedFirstWriteLostByAPowerLoss() {
        write(0, 1, 1);
        flush();
        history.unflushedMayBeLost();
        read(0, 0);
        shouldFail("after a power loss", "read 0");
    }

    @Test
    void shouldNotLetTwoStatesFollowAPowerLoss() {
        write(0, 1, 1);
        write(0, 1, 2);
        history.unflushedMayBeLost();
        read(0, 1);
        read(0, 2);
        shouldFail("after a power loss");
    }

    @Test
    void shouldNotForgiveALossWithoutAPowerLoss() {
        write(0, 1, 1);
        read(0, 0);
        shouldFail("unit 0");
    }
}
