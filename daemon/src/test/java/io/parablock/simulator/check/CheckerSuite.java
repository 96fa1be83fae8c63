package io.parablock.simulator.check;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** All the checkers of a cluster behind one ear. Call {@link #afterEvent} after every event of the simulation. */
public final class CheckerSuite extends EventFan {
    private final ClusterView view;
    private final long scanEvery;
    private final Ledger ledger;
    private final List<Checker> checkers;
    private final Checker[] onEvent;
    private long events;

    /** @param scanEvery a full look after so many events */
    public CheckerSuite(Shape shape, ClusterView view, long scanEvery) {
        this(view, scanEvery, new Ledger(shape, view));
    }

    private CheckerSuite(ClusterView view, long scanEvery, Ledger ledger) {
        this(view, scanEvery, ledger, checkers(ledger, view));
    }

    private CheckerSuite(ClusterView view, long scanEvery, Ledger ledger, List<Checker> checkers) {
        // The ledger hears everything before those that ask it.
        super(with(ledger, checkers));
        this.view = view;
        this.scanEvery = scanEvery;
        this.ledger = ledger;
        this.checkers = checkers;
        this.onEvent = Arrays.copyOf(with("onEvent"), with("onEvent").length, Checker[].class);
    }

    private static List<ClusterEvents> with(Ledger ledger, List<Checker> checkers) {
        List<ClusterEvents> out = new ArrayList<>(checkers);
        out.add(0, ledger);
        return out;
    }

    private static List<Checker> checkers(Ledger ledger, ClusterView view) {
        return List.of(
                new ElectionChecker(ledger),
                new IdentityChecker(ledger),
                new SyncChecker(ledger),
                new CommitChecker(ledger),
                new ConfigChecker(ledger),
                new NoopChecker(ledger),
                new LookBehindChecker(ledger),
                new ApplyChecker(ledger),
                new DeviceChecker(ledger, view),
                new ReadChecker(ledger),
                new TruncationChecker(ledger),
                new InstallChecker(ledger),
                new DedupeChecker(ledger),
                new DurabilityChecker(ledger),
                new FlushChecker(ledger),
                new AmnesiaChecker(ledger),
                new ReplicaEqualityChecker(ledger));
    }

    Ledger ledger() {
        return ledger;
    }

    /** The disk that a node had lost is in it again; {@link #onWiped} was told before. */
    public void diskIsBack(int node) {
        ledger.diskIsBack(node);
    }

    /** Looks at every node. */
    public void afterEvent() {
        touchAll();
        afterTouches();
    }

    /**
     * Looks at the nodes that were touched or told of since the last look. What {@link Checker#onEvent} may find at another
     * one it would have found before: it compares a node's memory with that node's disk, and with what is committed, which only
     * grows, or, in an amnesiac merge, touches every node.
     */
    public void afterTouches() {
        int touched = takeTouched();
        for (Checker c : onEvent) {
            look(c, touched);
        }
        if (++events % scanEvery == 0) {
            checkers.forEach(c -> c.scan(view));
        }
    }

    private void look(Checker c, int nodes) {
        for (int i = 1; i <= view.nodes(); i++) {
            if ((nodes & 1 << i) != 0 && view.node(i).isUp()) {
                c.onEvent(i, view.node(i));
            }
        }
    }

    /** Faults have stopped, everything is answered, nothing is in flight. */
    public void atQuiescence() {
        for (Checker c : checkers) {
            look(c, ALL_NODES);
            c.scan(view);
            c.atQuiescence(view);
        }
    }

    /** The slots of which a quorum has acknowledged a value. */
    public long committedSlots() {
        long count = 0;
        for (long s = 1; s <= ledger.lastCommitted(); s++) {
            count += ledger.committed(s) == null ? 0 : 1;
        }
        return count;
    }
}
