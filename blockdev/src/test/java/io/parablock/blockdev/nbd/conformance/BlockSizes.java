package io.parablock.blockdev.nbd.conformance;

/** Block size constraints in bytes, unsigned 32 bits; proto.md, heading "Block size constraints". */
public record BlockSizes(long minimum, long preferred, long maximum) {
    /** What holds where the server says nothing: no alignment, any length. */
    static final BlockSizes DEFAULT = new BlockSizes(1, 4096, 0xffffffffL);

    boolean unlimited() {
        return maximum == 0xffffffffL;
    }
}
