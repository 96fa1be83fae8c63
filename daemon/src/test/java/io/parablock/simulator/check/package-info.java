/**
 * The simulator's checkers: the invariants of protocol.md §14 and what clients may see, written from the specification.
 * They know a cluster only through {@link io.parablock.simulator.check.ClusterEvents} (told as things happen) and
 * {@link io.parablock.simulator.check.ClusterView} (looked at now and then).
 */
@NullMarked
package io.parablock.simulator.check;

import org.jspecify.annotations.NullMarked;
