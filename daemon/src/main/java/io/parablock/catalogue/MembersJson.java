package io.parablock.catalogue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.parablock.raft.membership.Members;
import io.parablock.raft.membership.Seat;
import java.io.IOException;
import java.util.TreeMap;

/** The members that a group begins with, as {@code [{"node": 1, "generation": 0, "incarnation": 4711}, …]}. */
final class MembersJson {
    private static final String NODE = "node";
    private static final String GENERATION = "generation";
    private static final String INCARNATION = "incarnation";

    private MembersJson() {}

    static ArrayNode encode(Members members) {
        ArrayNode out = JsonNodeFactory.instance.arrayNode();
        members.seats()
                .forEach((node, seat) -> out.addObject()
                        .put(NODE, node)
                        .put(GENERATION, seat.generation())
                        .put(INCARNATION, seat.incarnation()));
        return out;
    }

    /** @throws IOException with one line if these are none */
    static Members decode(JsonNode json) throws IOException {
        TreeMap<Integer, Seat> seats = new TreeMap<>();
        try {
            for (JsonNode s : json) {
                Seat seat = new Seat(
                        s.path(GENERATION).asInt(-1), s.path(INCARNATION).asLong());
                if (seats.put(s.path(NODE).asInt(), seat) != null) {
                    throw new IOException("a group begins with a node that is named twice: " + json);
                }
            }
            return new Members(seats);
        } catch (IllegalArgumentException e) {
            throw new IOException("a group begins with members that are none: " + json, e);
        }
    }
}
