package io.parablock.simulator;

import io.parablock.raft.message.Message;
import io.parablock.simulator.check.Checker;
import io.parablock.simulator.check.ClusterEvents;
import io.parablock.simulator.check.ClusterView;
import io.parablock.simulator.check.Violation;
import io.parablock.simulator.check.WireFeed;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The checkers of a run, and the first thing that they or the production code found wrong. */
final class Watch {
    private final List<Checker> checkers;
    private final List<WireFeed> wires;
    private @Nullable String violation;
    private @Nullable Throwable cause;

    Watch(List<Checker> checkers) {
        this.checkers = List.copyOf(checkers);
        this.wires = checkers.stream().map(WireFeed::new).toList();
    }

    /** Not thrown on: the production code in between would take it for a failure of its own. */
    void tell(Consumer<ClusterEvents> event) {
        try {
            for (Checker c : checkers) {
                event.accept(c);
            }
        } catch (Violation | AssertionError e) {
            fail(e.getMessage(), e);
        }
    }

    void onSent(int from, int to, Message m) {
        try {
            for (WireFeed w : wires) {
                w.onSent(from, to, m);
            }
        } catch (Violation | AssertionError e) {
            fail(e.getMessage(), e);
        }
    }

    void afterEvent(ClusterView view) {
        tell(c -> ((Checker) c).onEvent(view));
    }

    void scan(ClusterView view) {
        tell(c -> ((Checker) c).scan(view));
    }

    void atQuiescence(ClusterView view) {
        tell(c -> ((Checker) c).atQuiescence(view));
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
