package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** {@link DiskSpaceWatch} and {@link ClockWatch}. */
class NodeWatchPartsTest {
    private static final long MS = 1_000_000;

    @Test
    void shouldTellOnceThatTheDiskIsNearlyFull() {
        DiskSpaceWatch watch = new DiskSpaceWatch(1_000);
        assertThat(watch.next(1_000)).isEqualTo(DiskSpaceWatch.Change.NONE);
        assertThat(watch.next(999)).isEqualTo(DiskSpaceWatch.Change.NEARLY_FULL);
        assertThat(watch.next(10)).isEqualTo(DiskSpaceWatch.Change.NONE);
        assertThat(watch.next(1_099)).isEqualTo(DiskSpaceWatch.Change.NONE);
        assertThat(watch.next(1_100)).isEqualTo(DiskSpaceWatch.Change.ROOM_AGAIN);
        assertThat(watch.next(1_100)).isEqualTo(DiskSpaceWatch.Change.NONE);
        assertThat(new DiskSpaceWatch(0).next(0)).isEqualTo(DiskSpaceWatch.Change.NONE);
    }

    @Test
    void shouldTellThatTheClockHasJumpedAndBackAgain() {
        ClockWatch watch = new ClockWatch(1_000_000, 77);
        assertThat(watch.next(1_005_000, 77 + 5_000 * MS)).isZero();
        assertThat(watch.next(1_006_900, 77 + 6_000 * MS)).as("slewed").isZero();
        assertThat(watch.next(1_010_000, 77 + 7_000 * MS)).isEqualTo(3_000);
        assertThat(watch.next(1_011_000, 77 + 8_000 * MS)).isZero();
        assertThat(watch.next(1_002_000, 77 + 9_000 * MS)).isEqualTo(-10_000);
    }

    /** A late look is no jump. */
    @Test
    void shouldNotMindAPause() {
        ClockWatch watch = new ClockWatch(0, 0);
        assertThat(watch.next(60_000, 60_000 * MS)).isZero();
    }
}
