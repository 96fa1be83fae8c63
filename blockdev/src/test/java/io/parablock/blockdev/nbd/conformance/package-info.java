/**
 * The NBD protocol as a stranger sees it: checks over raw sockets, written from NetworkBlockDevice's {@code doc/proto.md}
 * alone, a reference server that passes them and mutants of it that do not.
 */
package io.parablock.blockdev.nbd.conformance;
