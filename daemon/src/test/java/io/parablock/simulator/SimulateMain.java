package io.parablock.simulator;

import io.parablock.raft.Mode;
import java.util.EnumSet;

/** scratch */
public final class SimulateMain {
    private SimulateMain() {}

    public static void main(String[] args) {
        long from = Long.parseLong(args[0]);
        long to = Long.parseLong(args[1]);
        boolean rec = args.length > 2 && args[2].startsWith("rec");
        long events = 0, virtual = 0, answered = 0, failed = 0;
        FaultCounts all = new FaultCounts();
        long start = System.nanoTime();
        for (long seed = from; seed <= to; seed++) {
            for (int nodes : new int[] {3, 5}) {
                for (Mode mode : Mode.values()) {
                    if (args.length > 4
                            && (Integer.parseInt(args[3]) != nodes
                                    || !mode.name().equalsIgnoreCase(args[4]))) continue;
                    Outcome o = SimulationRun.of(
                            new SimulationSettings(seed, nodes, mode, EnumSet.allOf(FaultKind.class)), rec);
                    events += o.events();
                    virtual += o.virtualNs();
                    answered += o.answered();
                    failed += o.failed();
                    all.addAll(o.faults());
                    if (rec) {
                        o.timeline().forEach(System.out::println);
                    }
                    if (o.violation() != null) {
                        System.out.println(o.line());
                        if (o.cause() != null && rec) {
                            o.cause().printStackTrace(System.out);
                        }
                    }
                }
            }
        }
        double s = (System.nanoTime() - start) / 1e9;
        System.out.printf(
                "%d events %.1f virtual h in %.1f s: %.0f events/s, %.0f vh/h, answered %d failed %d%n%s%n",
                events, virtual / 3.6e12, s, events / s, virtual / 1e9 / s, answered, failed, all);
    }
}
