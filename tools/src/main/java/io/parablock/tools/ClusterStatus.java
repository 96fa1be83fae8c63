package io.parablock.tools;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What all nodes of a cluster say of themselves at about one moment. */
record ClusterStatus(List<Member> members) {
    static final String LEADER = "leader";
    static final String DOWN = "down";

    /** One node; {@code status} is null if its daemon does not answer. */
    record Member(
            NodeConfig node, @Nullable Long pid, @Nullable NodeStatus status) {
        long number(String key) {
            return status == null ? -1 : status.number(key);
        }

        String role() {
            return status == null ? DOWN : status.role();
        }
    }

    ClusterStatus {
        members = List.copyOf(members);
    }

    static ClusterStatus of(ClusterFolder folder) throws InterruptedException {
        List<Member> members = new ArrayList<>();
        for (NodeConfig node : folder.nodes()) {
            Long pid = folder.running(node.id()).map(ProcessHandle::pid).orElse(null);
            members.add(new Member(node, pid, NodeStatus.fetchIfAlive(node)));
        }
        return new ClusterStatus(members);
    }

    /** The node that leads in the highest term, or null. */
    @Nullable
    Integer leader() {
        Member best = null;
        for (Member member : members) {
            if (member.role().equals(LEADER)
                    && (best == null || member.number(NodeStatus.TERM) > best.number(NodeStatus.TERM))) {
                best = member;
            }
        }
        return best == null ? null : best.node().id();
    }

    boolean allAnswer() {
        return members.stream().allMatch(member -> member.status() != null);
    }

    /** Whether every node has applied everything that the leader has assigned and nothing is in flight. */
    boolean quiet() {
        Integer leader = leader();
        if (leader == null || !allAnswer()) {
            return false;
        }
        long last = -1;
        for (Member member : members) {
            if (member.node().id() == leader) {
                last = member.number(NodeStatus.LAST_SLOT);
            }
        }
        for (Member member : members) {
            boolean settled = member.number(NodeStatus.COMMIT) == last
                    && member.number(NodeStatus.APPLIED) == last
                    && member.number(NodeStatus.IN_FLIGHT) == 0
                    && member.number(NodeStatus.UNANSWERED) == 0;
            if (!settled) {
                return false;
            }
        }
        return true;
    }

    /** The figures that two looks must have in common for nothing to have happened between them. */
    List<Long> watermarks() {
        return members.stream().map(member -> member.number(NodeStatus.APPLIED)).toList();
    }

    ObjectNode toJson() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        Integer leader = leader();
        if (leader == null) {
            json.putNull("leader");
        } else {
            json.put("leader", leader);
        }
        for (Member member : members) {
            json.withArray("/nodes").add(toJson(member));
        }
        ClusterHealth.of(json).into(json);
        return json;
    }

    private static ObjectNode toJson(Member member) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("id", member.node().id());
        json.put("role", member.role());
        json.put("pid", member.pid());
        json.put("nbd", address(member.node().nbd()));
        json.put("http", address(member.node().http()));
        if (member.status() != null) {
            for (Map.Entry<String, JsonNode> figure : member.status().json().properties()) {
                if (!json.hasNonNull(figure.getKey())) {
                    json.set(figure.getKey(), figure.getValue());
                }
            }
        }
        return json;
    }

    private static String address(java.net.InetSocketAddress address) {
        return address.getHostString() + ":" + address.getPort();
    }
}
