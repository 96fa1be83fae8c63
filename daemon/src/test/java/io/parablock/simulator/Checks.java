package io.parablock.simulator;

/** The checkers that each run has. */
final class Checks {
    private Checks() {}

    static Outcome run(SimulationSettings settings, boolean recording) {
        SimulationRun run = new SimulationRun(
                settings,
                recording,
                new SimpleLog(),
                (id, random, s) -> new MemoryStorage(random, s.sizeBytes(), s.mapped));
        return run.run();
    }

    private static final class SimpleLog implements OperationLog {
        private long next;

        @Override
        public long invoke(int client, Kind kind, long firstSector, long sectors, long stamp, long nowNs) {
            return ++next;
        }

        @Override
        public void complete(long operation, long[] stamps, long nowNs) {}

        @Override
        public void fail(long operation, long nowNs) {}
    }
}
