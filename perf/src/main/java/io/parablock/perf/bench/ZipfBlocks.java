package io.parablock.perf.bench;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Picks the block of rank <i>r</i> with a probability proportional to <i>r</i><sup>-0.99</sup>. Which block has which rank is
 * drawn from a seed, so that popular blocks are no neighbours. Any thread.
 */
final class ZipfBlocks {
    /** What benchmarks of storage commonly take. */
    static final double EXPONENT = 0.99;

    /** By rank from 0: how probable this rank or one before it is. */
    private final double[] cumulative;

    private final int[] blockOfRank;

    /** @param blocks at least 1 */
    ZipfBlocks(int blocks, long seed) {
        cumulative = new double[blocks];
        blockOfRank = new int[blocks];
        double sum = 0;
        for (int rank = 0; rank < blocks; rank++) {
            sum += Math.pow(rank + 1, -EXPONENT);
            cumulative[rank] = sum;
            blockOfRank[rank] = rank;
        }
        for (int rank = 0; rank < blocks; rank++) {
            cumulative[rank] /= sum;
        }
        SplittableRandom random = new SplittableRandom(seed);
        for (int rank = blocks - 1; rank > 0; rank--) {
            int other = random.nextInt(rank + 1);
            int block = blockOfRank[rank];
            blockOfRank[rank] = blockOfRank[other];
            blockOfRank[other] = block;
        }
    }

    int next(SplittableRandom random) {
        int found = Arrays.binarySearch(cumulative, random.nextDouble());
        int rank = found < 0 ? -found - 1 : found + 1;
        return blockOfRank[Math.min(rank, blockOfRank.length - 1)];
    }

    /** The block that is picked most often for rank 0, the next for 1, and so on. */
    int blockOfRank(int rank) {
        return blockOfRank[rank];
    }
}
