package io.parablock.simulator;

import io.parablock.raft.message.Message;
import io.parablock.simulator.check.CheckerSuite;
import io.parablock.simulator.check.ClusterEvents;
import io.parablock.simulator.check.Violation;
import io.parablock.simulator.check.WireFeed;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The checkers of a run, and the first thing that they or the production code found wrong. */
final class Watch {
    private @Nullable CheckerSuite suite;
    private @Nullable WireFeed wire;
    private @Nullable String violation;
    private @Nullable Throwable cause;

    /** Before the first event. */
    void bind(CheckerSuite checkers) {
        suite = checkers;
        wire = new WireFeed(checkers);
    }

    /** Not thrown on: the production code in between would take it for a failure of its own. */
    void tell(Consumer<ClusterEvents> event) {
        if (suite != null && violation == null) {
            try {
                event.accept(suite);
            } catch (Violation | AssertionError e) {
                fail(e.getMessage(), e);
            }
        }
    }

    void onSent(int from, int to, Message m) {
        if (wire != null && violation == null) {
            try {
                wire.onSent(from, to, m);
            } catch (Violation | AssertionError e) {
                fail(e.getMessage(), e);
            }
        }
    }

    /** The memory of a node may have changed. */
    void touch(int node) {
        if (suite != null) {
            suite.touch(node);
        }
    }

    /** Looks at the nodes that were touched. */
    void afterEvent() {
        if (suite != null && violation == null) {
            try {
                suite.afterTouches();
            } catch (Violation | AssertionError e) {
                fail(e.getMessage(), e);
            }
        }
    }

    void atQuiescence() {
        if (suite != null && violation == null) {
            try {
                suite.atQuiescence();
            } catch (Violation | AssertionError e) {
                fail(e.getMessage(), e);
            }
        }
    }

    /** Only the first one counts. */
    void fail(@Nullable String line, @Nullable Throwable why) {
        if (violation == null) {
            violation = String.valueOf(line).replaceAll("\\s*\\R\\s*", " ");
            cause = why;
        }
    }

    /** One line, or null. */
    @Nullable
    String violation() {
        return violation;
    }

    @Nullable
    Throwable cause() {
        return cause;
    }
}
