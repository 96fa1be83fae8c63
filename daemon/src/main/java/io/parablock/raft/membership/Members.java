package io.parablock.raft.membership;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A configuration (protocol.md §9): which disk counts at each seat. A quorum is a majority of <em>all</em> seats, of those
 * that have a member; a vacant seat, and a learner that wants it, never count.
 *
 * <p>Why one change at a time needs no second set of voters: a change makes one seat vacant or fills a vacant one. A quorum
 * from before and one from after are both more than half of the same seats, so they share one; it is not the seat that
 * changed, which is vacant in one of the two. So they share a disk.
 *
 * @param seats by node id; the ids never change
 */
public record Members(SortedMap<Integer, Seat> seats) {
    public Members {
        seats = Collections.unmodifiableSortedMap(new TreeMap<>(seats));
        if (seats.isEmpty()) {
            throw new IllegalArgumentException("no seats");
        }
    }

    /** Those of a cluster that has just formed, by node id. */
    public static Members founders(Map<Integer, Long> incarnations) {
        TreeMap<Integer, Seat> seats = new TreeMap<>();
        incarnations.forEach((node, incarnation) -> seats.put(node, new Seat(0, incarnation)));
        return new Members(seats);
    }

    /** Where nobody draws incarnations: each node's is its id. */
    public static Members founders(int... nodes) {
        TreeMap<Integer, Long> incarnations = new TreeMap<>();
        for (int node : nodes) {
            incarnations.put(node, (long) node);
        }
        return founders(incarnations);
    }

    /** The least number of members that is a quorum. */
    public int majority() {
        return seats.size() / 2 + 1;
    }

    public Seat seat(int node) {
        Seat seat = seats.get(node);
        if (seat == null) {
            throw new IllegalArgumentException("node " + node + " has no seat among " + seats.keySet());
        }
        return seat;
    }

    /** What this disk says counts. */
    public boolean counts(int node, long incarnation) {
        Seat seat = seats.get(node);
        return seat != null && !seat.isVacant() && seat.incarnation() == incarnation;
    }

    /** Some disk counts at this seat. */
    public boolean isTaken(int node) {
        Seat seat = seats.get(node);
        return seat != null && !seat.isVacant();
    }

    /** This disk was given up, and nobody has its place yet. */
    public boolean gaveUp(int node, long incarnation) {
        Seat seat = seats.get(node);
        return seat != null && seat.isVacant() && seat.incarnation() == incarnation;
    }

    public int vacancies() {
        int vacant = 0;
        for (Seat seat : seats.values()) {
            vacant += seat.isVacant() ? 1 : 0;
        }
        return vacant;
    }

    /** Nothing has changed since the cluster formed. */
    public boolean isFounding() {
        return seats.values().stream().allMatch(s -> s.generation() == 0);
    }

    public Members with(int node, Seat seat) {
        seat(node);
        TreeMap<Integer, Seat> next = new TreeMap<>(seats);
        next.put(node, seat);
        return new Members(next);
    }

    /** Of each seat the newer account. */
    public Members newest(Members other) {
        TreeMap<Integer, Seat> next = new TreeMap<>(seats);
        other.seats.forEach((node, seat) -> next.merge(node, seat, (a, b) -> b.generation() > a.generation() ? b : a));
        return new Members(next);
    }

    /** As {@code 1, 2, 3 vacant}. */
    @Override
    public String toString() {
        StringBuilder out = new StringBuilder();
        seats.forEach((node, seat) ->
                out.append(out.isEmpty() ? "" : ", ").append(node).append(seat.isVacant() ? " vacant" : ""));
        return out.toString();
    }
}
