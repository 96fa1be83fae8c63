package io.parablock.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.replica.ReplicaStatus;
import java.util.Locale;

/**
 * The catalogue of volumes, as a node has it at one moment.
 *
 * @param replica of the catalogue's group
 * @param version that the node serves
 * @param decided the version that its replica has applied; greater while the node opens or closes what that says
 * @param volumes how many were created and are served; those of the configuration do not count
 */
public record CatalogueReading(ReplicaStatus replica, long version, long decided, int volumes) {
    void into(ObjectNode json) {
        int leader = replica.raft().leader();
        json.put("group", replica.groupId());
        json.put("role", replica.raft().role().name().toLowerCase(Locale.ROOT));
        if (leader == 0) {
            json.putNull("leader");
        } else {
            json.put("leader", leader);
        }
        json.put("term", replica.raft().term());
        json.put("version", version);
        json.put("decided_version", decided);
        json.put("volumes", volumes);
    }
}
