package io.parablock.simulator.check;

/**
 * Watches one invariant or a few. Told of events, it checks at once what an event can break; {@link #scan} compares its own
 * books with the nodes and costs time in the order of the logs' lengths.
 */
public interface Checker extends ClusterEvents {
    /** A short name for tables. */
    default String name() {
        return getClass().getSimpleName();
    }

    /** Cheap; after every event, for each node that is up and that the event may have changed. */
    default void onEvent(int id, NodeView node) {}

    /** A full look; every so many events. */
    default void scan(ClusterView view) {}

    /** Faults have stopped, all requests are answered, nothing is in flight. */
    default void atQuiescence(ClusterView view) {}
}
