package io.parablock.perf.bench;

/**
 * How requests come.
 *
 * @param open at a fixed rate, whatever the answers do; otherwise one for each answer
 * @param value requests in a second of an open loop; requests in flight of a closed one
 */
public record LoadShape(boolean open, int value) {
    public static LoadShape closed(int depth) {
        return new LoadShape(false, depth);
    }

    public static LoadShape open(int perSecond) {
        return new LoadShape(true, perSecond);
    }

    /** For people. */
    public String label() {
        return open ? value + "/s" : "depth " + value;
    }

    boolean alone() {
        return !open && value == 1;
    }
}
