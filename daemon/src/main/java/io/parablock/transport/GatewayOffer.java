package io.parablock.transport;

import java.util.List;
import java.util.stream.IntStream;

/**
 * What a node tells a gateway that it lets in: what there is to serve, and what its sessions have to keep to.
 *
 * @param volumes in the order of the node's configuration; those that were created are in the catalogue
 * @param sessionWindow {@code raft.session_window}: entries of one session that may be unanswered, a power of two
 * @param sessionExpiryNs {@code raft.session_expiry}
 */
public record GatewayOffer(List<Volume> volumes, int sessionWindow, long sessionExpiryNs) {
    /** Named limit of a volume's name, in bytes: that of the NBD protocol. */
    public static final int NAME_BYTES_MAX = 4096;

    /** Named limit of all volumes' chunks together: that of the configuration. */
    public static final int GROUPS_MAX = 1024;

    /**
     * A volume as the nodes have it.
     *
     * @param firstGroup of its first chunk; the next chunks have the groups after it
     */
    public record Volume(String name, long sizeBytes, long chunkBytes, boolean readOnly, int firstGroup) {
        public Volume {
            boolean sound = sizeBytes > 0
                    && chunkBytes > 0
                    && firstGroup > 0
                    && (sizeBytes - 1) / chunkBytes < GROUPS_MAX
                    && firstGroup + (sizeBytes - 1) / chunkBytes <= GROUPS_MAX;
            if (!sound) {
                throw new CodecException(
                        "a volume of " + sizeBytes + " bytes in chunks of " + chunkBytes + " from group " + firstGroup);
            }
        }

        /** How many groups it has. */
        public int chunks() {
            return (int) ((sizeBytes - 1) / chunkBytes) + 1;
        }

        /** Its chunks' groups, in order. */
        public List<Integer> groups() {
            return IntStream.range(firstGroup, firstGroup + chunks()).boxed().toList();
        }

        @Override
        public String toString() {
            return "volume " + name + " of " + sizeBytes + " bytes" + (readOnly ? ", read-only," : "")
                    + " in chunks of " + chunkBytes + " from group " + firstGroup;
        }
    }

    public GatewayOffer {
        volumes = List.copyOf(volumes);
        if (sessionWindow < 1 || Integer.bitCount(sessionWindow) != 1 || sessionExpiryNs < 1) {
            throw new CodecException("an offer of " + volumes.size() + " volumes, session window " + sessionWindow);
        }
    }

    /**
     * Why a gateway that serves by this offer must not send requests to a node with another one; empty if it may. A volume
     * that was added since is no reason.
     *
     * @param windowUsed unanswered entries that this gateway's sessions may have
     */
    public String disagreement(GatewayOffer other, int windowUsed) {
        for (Volume v : volumes) {
            if (!other.volumes.contains(v)) {
                return other.volumes.stream()
                        .filter(o -> o.name.equals(v.name))
                        .findFirst()
                        .map(o -> "it has " + o + ", and this gateway serves " + v)
                        .orElse("it does not have " + v);
            }
        }
        if (other.sessionWindow < windowUsed) {
            return "its raft.session_window is " + other.sessionWindow + ", and this gateway uses " + windowUsed;
        }
        if (other.sessionExpiryNs < sessionExpiryNs) {
            return "its raft.session_expiry is smaller than that of another node";
        }
        return "";
    }
}
