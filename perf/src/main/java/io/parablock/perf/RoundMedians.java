package io.parablock.perf;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Medians of what was measured round after round. */
public final class RoundMedians {
    private RoundMedians() {}

    /** The middle one, or the mean of the two in the middle; NaN if there are none. */
    public static double median(double[] values) {
        if (values.length == 0) {
            return Double.NaN;
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    public static <T> double median(List<T> rounds, ToDoubleFunction<T> of) {
        return median(rounds.stream().mapToDouble(of).toArray());
    }

    /** The median of own over other, each taken within one round; NaN if there are none. */
    public static <T> double medianRatio(List<T> own, List<T> other, ToDoubleFunction<T> of) {
        double[] ratios = new double[Math.min(own.size(), other.size())];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = of.applyAsDouble(own.get(i)) / of.applyAsDouble(other.get(i));
        }
        return median(ratios);
    }
}
