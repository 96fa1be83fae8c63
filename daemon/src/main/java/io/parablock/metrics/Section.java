package io.parablock.metrics;

/** A heading of docs/metrics.md. */
enum Section {
    WRITES("Requests and writes"),
    CONSENSUS("Consensus"),
    PEERS("Peers"),
    DISK("Log, checkpoints and disk"),
    CATCH_UP("Catch-up and cure"),
    DAMAGE("Scrub and damage"),
    NBD("NBD"),
    PROCESS("Process");

    final String title;

    Section(String title) {
        this.title = title;
    }
}
