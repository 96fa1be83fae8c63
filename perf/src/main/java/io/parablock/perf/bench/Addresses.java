package io.parablock.perf.bench;

/** Which blocks of the range requests go to. Lower case: as people write them. */
public enum Addresses {
    /** Each alike. */
    uniform,
    /** A few very often, see {@link ZipfBlocks}. */
    zipf
}
