package io.parablock.blockdev.nbd.conformance;

/** One descriptor of a block status reply. */
record Extent(long lengthBytes, int status) {}
