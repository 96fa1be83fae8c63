package io.parablock.health;

/** What a group does on a node, the worst first. */
public enum State {
    STOPPED("stopped"),
    FORMING("forming"),
    NO_QUORUM("no quorum"),
    ELECTION("election running"),
    MERGING("merging"),
    INSTALL_NEEDED("waits for an install"),
    INSTALLING("installing"),
    CURING("curing"),
    CATCHING_UP("catching up"),
    SERVING("serving");

    private final String words;

    State(String words) {
        this.words = words;
    }

    /** How the state's line begins; scripts may depend on it. */
    public String words() {
        return words;
    }
}
