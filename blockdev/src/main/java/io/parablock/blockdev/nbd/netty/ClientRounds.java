package io.parablock.blockdev.nbd.netty;

import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Looks after every client of an event loop once in a round: with one timer for all of them, and a few at a time, because a
 * timer of its own for each would wake the loop for each. On the event loop.
 */
final class ClientRounds {
    /** Between two looks at the same client. */
    static final long ROUND_MS = 1_000;

    private static final int STEPS = 50;
    private static final long STEP_NS = TimeUnit.MILLISECONDS.toNanos(ROUND_MS) / STEPS;

    private final EventExecutor loop;
    private final long originNs = System.nanoTime();
    private final List<Set<Runnable>> steps = new ArrayList<>();
    /** Counted from the origin; what joins in a step is looked at a round later. */
    private long nextStep;

    private int clients;
    private boolean scheduled;

    ClientRounds(EventExecutor loop) {
        this.loop = loop;
        for (int i = 0; i < STEPS; i++) {
            steps.add(new LinkedHashSet<>());
        }
    }

    /** A client's place in the rounds. */
    final class Place {
        private final Set<Runnable> step;
        private final Runnable look;

        private Place(Set<Runnable> step, Runnable look) {
            this.step = step;
            this.look = look;
        }

        /** Idempotent. */
        void leave() {
            clients -= step.remove(look) ? 1 : 0;
        }
    }

    /** @param look called {@value #ROUND_MS} ms from now and so on, until the place is left */
    Place join(Runnable look) {
        long now = stepOf(System.nanoTime());
        if (clients == 0 && !scheduled) {
            nextStep = now + 1;
        }
        // While the loop is behind, the step of now is still to come: that would be early.
        Place place = new Place(step(Math.min(now, nextStep - 1)), look);
        place.step.add(look);
        clients++;
        schedule();
        return place;
    }

    private long stepOf(long ns) {
        return (ns - originNs) / STEP_NS;
    }

    private Set<Runnable> step(long number) {
        return steps.get((int) (number % STEPS));
    }

    /** For the next step in which there is somebody. */
    private void schedule() {
        if (scheduled || clients == 0) {
            return;
        }
        while (step(nextStep).isEmpty()) {
            nextStep++;
        }
        scheduled = true;
        long delayNs = originNs + nextStep * STEP_NS - System.nanoTime();
        loop.schedule(this::onStep, Math.max(0, delayNs), TimeUnit.NANOSECONDS);
    }

    private void onStep() {
        scheduled = false;
        Set<Runnable> due = step(nextStep++);
        try {
            for (Runnable look : List.copyOf(due)) {
                // Another one's end may have been this one's too.
                if (due.contains(look)) {
                    look.run();
                }
            }
        } finally {
            schedule();
        }
    }
}
