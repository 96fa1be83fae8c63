package io.parablock.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * A client that is attached to a volume.
 *
 * @param address as the system names it; empty on a unix socket
 * @param sinceMs when it attached, in milliseconds of the Unix epoch
 * @param inFlight requests that are not answered yet
 * @param bytes asked for or brought by reads and writes
 */
public record NbdClient(String address, String export, long sinceMs, long inFlight, long requests, long bytes) {
    /** Adds {@code nbd_clients}. */
    static void put(ObjectNode json, List<NbdClient> clients) {
        json.putArray("nbd_clients");
        for (NbdClient c : clients) {
            json.withArray("/nbd_clients")
                    .addObject()
                    .put("address", c.address)
                    .put("export", c.export)
                    .put("since_ms", c.sinceMs)
                    .put("in_flight", c.inFlight)
                    .put("requests", c.requests)
                    .put("bytes", c.bytes);
        }
    }
}
