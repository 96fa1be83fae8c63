package io.parablock.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.metrics.NodeMeters;
import java.util.List;

/**
 * What a gateway without a replica says of itself at one moment.
 *
 * @param id its number in this run
 * @param nbd where it listens, as the configuration would say; empty until a node has told what there is to serve
 * @param groups none until then
 */
public record GatewayReading(
        int id,
        String cluster,
        String nbd,
        String http,
        String transport,
        String pipeline,
        List<Member> members,
        List<Group> groups)
        implements Reading {
    /** A node of the cluster. */
    public record Member(int id, boolean connected, int lanesUp, long queuedBytes) {}

    /** @param leader 0 while none is known */
    public record Group(
            int id, int leader, long unanswered, long sessions, long resends, long timeouts, long sessionsLost) {}

    public GatewayReading {
        members = List.copyOf(members);
        groups = List.copyOf(groups);
    }

    @Override
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("role", "gateway").put("id", id).put("cluster", cluster);
        json.put("pid", ProcessHandle.current().pid());
        json.put("nbd", nbd).put("http", http).put("transport", transport).put("pipeline", pipeline);
        json.put("unanswered", groups.stream().mapToLong(Group::unanswered).sum());
        json.put("resends", groups.stream().mapToLong(Group::resends).sum());
        json.put("timeouts", groups.stream().mapToLong(Group::timeouts).sum());
        json.put("sessions", groups.stream().mapToLong(Group::sessions).sum());
        json.put("sessions_lost", groups.stream().mapToLong(Group::sessionsLost).sum());
        for (Member m : members) {
            json.withArray("/members")
                    .addObject()
                    .put("id", m.id)
                    .put("connected", m.connected)
                    .put("lanes_up", m.lanesUp)
                    .put("queued_bytes", m.queuedBytes);
        }
        for (Group g : groups) {
            ObjectNode group = json.withArray("/groups").addObject();
            group.put("group", g.id);
            if (g.leader == 0) {
                group.putNull("leader");
            } else {
                group.put("leader", g.leader);
            }
            group.put("unanswered", g.unanswered).put("sessions", g.sessions).put("resends", g.resends);
            group.put("timeouts", g.timeouts).put("sessions_lost", g.sessionsLost);
        }
        return json;
    }

    @Override
    public void figures(NodeMeters meters) {
        for (Group g : groups) {
            meters.figure("leader", g.id, g.leader);
            meters.figure("gateway.unanswered", g.id, g.unanswered);
            meters.figure("gateway.sessions", g.id, g.sessions);
            meters.figure("gateway.resends", g.id, g.resends);
            meters.figure("gateway.timeouts", g.id, g.timeouts);
            meters.figure("gateway.sessions.lost", g.id, g.sessionsLost);
        }
    }
}
