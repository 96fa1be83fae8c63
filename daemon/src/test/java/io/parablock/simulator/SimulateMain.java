package io.parablock.simulator;

import io.parablock.simulator.SimulationBatch.Plan;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Runs simulations from the command line: {@code [--seed N | --seeds A..B] [--minutes M] [--nodes 3|5] [--mode M] [--faults A,B] [--threads N]}. */
public final class SimulateMain {
    private static final long POLL_MS = 200;
    private static final long LINE_EVERY_MS = 5_000;
    private static final long DEFAULT_SEEDS = 100;

    private SimulateMain() {}

    public static void main(String[] arguments) throws InterruptedException {
        SimulationBatch batch;
        try {
            batch = new SimulationBatch(parse(arguments));
        } catch (IllegalArgumentException e) {
            System.err.println("simulate: " + e.getMessage());
            System.exit(2);
            return;
        }
        batch.start();
        for (long waitedMs = POLL_MS; !batch.isOver(); waitedMs += POLL_MS) {
            Thread.sleep(POLL_MS);
            if (waitedMs % LINE_EVERY_MS == 0) {
                System.out.println(batch.detail());
            }
        }
        batch.summary().forEach(System.out::println);
        batch.failures().forEach(System.out::println);
        System.exit(batch.failures().isEmpty() ? 0 : 1);
    }

    private static Plan parse(String[] arguments) {
        long[] seeds = {1, DEFAULT_SEEDS};
        boolean single = false;
        long minutes = 0;
        int nodes = 0;
        int threads = Runtime.getRuntime().availableProcessors();
        @Nullable String mode = null;
        List<String> faults = List.of();
        for (int i = 0; i < arguments.length; i += 2) {
            if (i + 1 == arguments.length) {
                throw new IllegalArgumentException(arguments[i] + " needs a value");
            }
            String value = arguments[i + 1];
            switch (arguments[i]) {
                case "--seed" -> {
                    long seed = number(value, Long.MIN_VALUE, "--seed is a number");
                    seeds = new long[] {seed, seed};
                    single = true;
                }
                case "--seeds" -> seeds = range(value);
                case "--minutes" -> minutes = number(value, 0, "--minutes is 0 or more");
                case "--nodes" -> nodes = (int) number(value, 0, "--nodes is 3 or 5");
                case "--threads" -> threads = (int) number(value, 1, "--threads is 1 or more");
                case "--mode" -> mode = value;
                case "--faults" -> faults = List.of(value.split(","));
                default -> throw new IllegalArgumentException("unknown option " + arguments[i]);
            }
        }
        return plan(seeds, single, minutes, nodes, mode, faults, threads, Path.of(""));
    }

    /** A range "A..B" of seeds, both inclusive. */
    public static long[] range(String text) {
        String fault = "--seeds is FIRST..LAST, not " + text;
        int dots = text.indexOf("..");
        if (dots < 0) {
            throw new IllegalArgumentException(fault);
        }
        return new long[] {
            number(text.substring(0, dots), Long.MIN_VALUE, fault),
            number(text.substring(dots + 2), Long.MIN_VALUE, fault)
        };
    }

    private static long number(String text, long least, String fault) {
        try {
            long number = Long.parseLong(text);
            if (number >= least && (least == Long.MIN_VALUE || number <= Integer.MAX_VALUE)) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(fault, e);
        }
        throw new IllegalArgumentException(fault);
    }

    /**
     * The plan that the options mean: a single seed is run twice and its timeline is written, in any case.
     *
     * @param threads runs at one time
     * @param minutes if not 0, seeds go on from the first one until the time is over
     */
    public static Plan plan(
            long[] seeds,
            boolean single,
            long minutes,
            int nodes,
            @Nullable String mode,
            List<String> faults,
            int threads,
            Path timelines) {
        long last = minutes > 0 && !single ? Long.MAX_VALUE : seeds[1];
        return new Plan(seeds[0], last, minutes, nodes, mode, faults, single, threads, timelines, single);
    }
}
