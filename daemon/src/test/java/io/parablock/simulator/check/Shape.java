package io.parablock.simulator.check;

/**
 * What does not change in a cluster's life.
 *
 * @param span N, the look-behind span
 * @param strict {@code mode=strict}
 * @param mapped {@code durability=mapped}
 */
public record Shape(int voters, int span, boolean strict, boolean mapped) {
    public int quorum() {
        return voters / 2 + 1;
    }
}
