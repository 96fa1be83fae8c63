package io.parablock.simulator;

/** Random numbers that are the same on every JDK: SplitMix64. One per concern, so that one concern's draws do not move another's. */
final class Seeded {
    private static final long GAMMA = 0x9e3779b97f4a7c15L;

    private long state;

    private Seeded(long state) {
        this.state = state;
    }

    /** @param concern a name; another name gives other numbers */
    static Seeded of(long seed, String concern) {
        return new Seeded(mix(seed * GAMMA ^ mix(concern.hashCode())));
    }

    static long mix(long z) {
        long a = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
        long b = (a ^ a >>> 27) * 0x94d049bb133111ebL;
        return b ^ b >>> 31;
    }

    long next() {
        state += GAMMA;
        return mix(state);
    }

    /** In [0, bound). */
    int below(int bound) {
        long bits = next() >>> 33;
        return (int) ((bits * bound) >>> 31);
    }

    /** In [low, high]. */
    long between(long low, long high) {
        return low + (long) ((next() >>> 11) * 0x1.0p-53 * (high - low + 1));
    }

    boolean perMille(int chance) {
        return below(1000) < chance;
    }

    boolean coin() {
        return next() < 0;
    }

    /** Mostly near the mean, now and then far above it. */
    long exponential(long mean) {
        double u = ((next() >>> 11) + 1) * 0x1.0p-53;
        // StrictMath: the same on every machine.
        return (long) (-StrictMath.log(u) * mean);
    }

    int pick(int... of) {
        return of[below(of.length)];
    }
}
