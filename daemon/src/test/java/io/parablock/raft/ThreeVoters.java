package io.parablock.raft;

/** The cluster of tests that drive one core by hand: node 1 of three, with short timeouts and small windows. */
final class ThreeVoters {
    private static final long MS = 1_000_000L;

    private ThreeVoters() {}

    static RaftConfig config(boolean mapped) {
        return new RaftConfig(
                1,
                1,
                new int[] {1, 2, 3},
                Mode.PARALLEL,
                8,
                300 * MS,
                50 * MS,
                100 * MS,
                64,
                4,
                1 << 20,
                8,
                16,
                64,
                mapped);
    }
}
