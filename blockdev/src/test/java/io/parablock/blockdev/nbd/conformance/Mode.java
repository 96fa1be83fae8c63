package io.parablock.blockdev.nbd.conformance;

/** Which headers a connection uses once transmission begins; proto.md, heading "Transmission". */
enum Mode {
    SIMPLE,
    STRUCTURED,
    EXTENDED
}
