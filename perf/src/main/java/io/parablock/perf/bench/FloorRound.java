package io.parablock.perf.bench;

import io.parablock.perf.RoundMedians;
import java.util.List;

/**
 * What the machine allows, in one round.
 *
 * @param writersP50Us of each of three writers at once, or nothing if there is no fio
 * @param roundTripUs the median round trip of 4 KiB over the loopback
 */
public record FloorRound(List<Double> writersP50Us, double roundTripUs) {
    public FloorRound {
        writersP50Us = List.copyOf(writersP50Us);
    }

    /** The median writer's p50; NaN without fio. */
    public double diskUs() {
        return RoundMedians.median(writersP50Us, value -> value);
    }

    /** What a write must take at least: disk and one round trip; NaN without fio. */
    public double floorUs() {
        return diskUs() + roundTripUs;
    }
}
