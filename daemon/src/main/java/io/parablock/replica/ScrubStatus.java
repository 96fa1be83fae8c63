package io.parablock.replica;

/**
 * How far the scrub of one replica is, and what it has found since the start.
 *
 * @param rounds finished ones
 * @param bytes read in all: records and blocks
 * @param damagedRecords found in the log
 * @param damagedBytes damaged blocks as of the last finished round; of this one, if it has found more by now
 * @param damagedState copies of META, SYNCREC and CKPT found bad
 * @param lostState how often one of these was found bad in every copy, so that only memory still had it
 * @param progressPercent of the blocks, in the round under way; its log comes before them. 0 between two rounds
 */
public record ScrubStatus(
        long rounds,
        long bytes,
        long damagedRecords,
        long damagedBytes,
        long damagedState,
        long lostState,
        int progressPercent) {}
