package io.parablock.blockdev.nbd;

/** What the client has negotiated for requests and replies (proto.md, "Transmission phase"). */
public enum ReplyMode {
    /** Compact requests, "Simple reply message". */
    SIMPLE,
    /** Compact requests, "Structured reply chunk message" where it says more than a simple one. */
    STRUCTURED,
    /** Extended requests, "Extended reply chunk message" for everything. */
    EXTENDED
}
