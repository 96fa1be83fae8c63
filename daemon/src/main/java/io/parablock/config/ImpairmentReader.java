package io.parablock.config;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Reads {@code impairment.*}. */
final class ImpairmentReader {
    private static final String LANES = "impairment.lanes";
    private static final String PEERS = "impairment.peers";
    private static final String ALL = "all";
    private static final String CONTROL = "control";
    private static final int CONTROL_LANE = -1;

    private ImpairmentReader() {}

    static NodeConfig.ImpairmentKeys read(KeyReader r, List<NodeConfig.Peer> peers) {
        return new NodeConfig.ImpairmentKeys(
                lanes(r, r.number("transport.lanes")),
                peers(r, peers),
                r.time("impairment.delay"),
                r.time("impairment.jitter"),
                r.probability("impairment.stall_probability"),
                r.time("impairment.stall"),
                r.probability("impairment.loss_probability"),
                r.time("impairment.retransmit"),
                r.bytes("impairment.bytes_per_second"),
                r.bytes("impairment.buffer_bytes"),
                r.probability("impairment.wal_delay_probability"),
                r.time("impairment.wal_delay"),
                r.number("impairment.seed"));
    }

    private static Set<Integer> lanes(KeyReader r, int lanes) {
        Set<Integer> out = new TreeSet<>();
        for (String word : r.words(LANES)) {
            if (word.equals(ALL)) {
                return Set.of();
            }
            out.add(
                    word.equals(CONTROL)
                            ? CONTROL_LANE
                            : number(r, word, 0, lanes - 1, LANES, "all, control or lanes 0.."));
        }
        return out;
    }

    private static Set<Integer> peers(KeyReader r, List<NodeConfig.Peer> peers) {
        Set<Integer> out = new TreeSet<>();
        for (String word : r.words(PEERS)) {
            if (word.equals(ALL)) {
                return Set.of();
            }
            int id = number(r, word, 1, KeyCatalogue.NODE_ID_MAX, PEERS, "all or ids 1..");
            if (peers.stream().noneMatch(p -> p.id() == id)) {
                throw r.error(PEERS, "has node " + id + ", which is not among peers");
            }
            out.add(id);
        }
        return out;
    }

    private static int number(KeyReader r, String word, int min, int max, String key, String expected) {
        try {
            int value = Integer.parseInt(word);
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Told below.
        }
        throw r.error(key, "must be " + expected + max + ", not " + word);
    }
}
