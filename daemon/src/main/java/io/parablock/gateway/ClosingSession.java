package io.parablock.gateway;

/** A session whose end was asked for and is not yet known. */
final class ClosingSession {
    final long session;
    int sends;
    long sentNs;

    ClosingSession(long session) {
        this.session = session;
    }
}
