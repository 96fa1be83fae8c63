package io.parablock.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.config.NodeConfig.HealthKeys;
import org.junit.jupiter.api.Test;

/** Looks of a disk, one after the other. */
class DiskSpaceWatchTest {
    private static final long TOTAL = 100_000;

    private final DiskSpaceWatch watch = new DiskSpaceWatch();

    private static HealthKeys freeMin(long bytes) {
        return new HealthKeys(bytes, 0, 0);
    }

    @Test
    void shouldTellOnceThatTheDiskIsNearlyFull() {
        HealthKeys limits = freeMin(1_000);
        assertThat(watch.next(1_000, TOTAL, limits)).isNull();
        assertThat(watch.last()).isEqualTo(new DiskSpace(false, 1_000, TOTAL));
        assertThat(watch.next(999, TOTAL, limits)).isEqualTo(new DiskSpace(true, 999, TOTAL));
        assertThat(watch.next(10, TOTAL, limits)).isNull();
        assertThat(watch.next(1_099, TOTAL, limits)).isNull();
        assertThat(watch.last()).isEqualTo(new DiskSpace(true, 1_099, TOTAL));
        assertThat(watch.next(1_100, TOTAL, limits)).isEqualTo(new DiskSpace(false, 1_100, TOTAL));
        assertThat(watch.next(1_100, TOTAL, limits)).isNull();
    }

    @Test
    void shouldTakeAnotherLimitAtOnce() {
        assertThat(watch.next(0, TOTAL, freeMin(0))).isNull();
        assertThat(watch.next(0, TOTAL, freeMin(1_000))).isNotNull();
        assertThat(watch.next(0, TOTAL, freeMin(0))).isEqualTo(new DiskSpace(false, 0, TOTAL));
    }
}
