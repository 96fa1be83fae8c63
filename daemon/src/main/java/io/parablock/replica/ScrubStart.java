package io.parablock.replica;

/** What came of asking for a round of the scrub. */
public enum ScrubStart {
    /** It begins with the next tick, or as soon as the store is whole. */
    STARTED,
    /** One is under way, or due. */
    UNDER_WAY,
    /** {@code scrub.bytes_per_second} is 0. */
    OFF
}
