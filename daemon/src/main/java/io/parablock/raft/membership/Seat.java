package io.parablock.raft.membership;

/**
 * One node's place in the cluster (protocol.md §9). The operator's node number stays with it; the disks come and go.
 *
 * <pre>
 *   generation  0          1          2          3          4
 *               first disk vacant     next disk  vacant     next disk ...
 * </pre>
 *
 * @param generation how often the seat has changed; an odd one is vacant. Of two accounts of a seat the higher one is newer
 * @param incarnation of the disk that counts; of the one that counted last if the seat is vacant
 */
public record Seat(int generation, long incarnation) {
    public Seat {
        if (generation < 0 || incarnation == 0) {
            throw new IllegalArgumentException("generation " + generation + ", incarnation " + incarnation);
        }
    }

    /** No disk counts here. */
    public boolean isVacant() {
        return (generation & 1) == 1;
    }

    /** The seat after its disk was given up. */
    public Seat vacated() {
        if (isVacant()) {
            throw new IllegalStateException("vacant already");
        }
        return new Seat(generation + 1, incarnation);
    }

    /** The vacant seat with another disk in it. */
    public Seat filledWith(long next) {
        if (!isVacant() || next == incarnation) {
            throw new IllegalStateException(isVacant() ? "this disk was given up" : "not vacant");
        }
        return new Seat(generation + 1, next);
    }
}
