package io.parablock.blockdev.nbd.conformance;

/** A request in flight; offset and length are in bytes. */
record Request(int type, int flags, long offset, long length) {}
