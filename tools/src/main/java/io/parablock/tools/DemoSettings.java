package io.parablock.tools;

import java.nio.file.Path;
import java.util.Map;

/**
 * A cluster of daemons on this machine.
 *
 * @param extra configuration keys and values that the nodes get besides their own
 */
record DemoSettings(
        Path dir,
        int nodes,
        ByteSize size,
        String mode,
        String durability,
        String walEngine,
        int nbdPort,
        int httpPort,
        int peerPort,
        Map<String, String> extra) {
    static final String EXPORT = "demo";
    static final int NODES_MAX = 7;
    /** Peer ports lie this far above the NBD ports. */
    static final int PEER_PORT_DISTANCE = 1000;

    DemoSettings {
        dir = dir.toAbsolutePath().normalize();
        extra = Map.copyOf(extra);
        requireNodes(nodes);
        requirePorts("--nbd-port", nbdPort, nodes);
        requirePorts("--http-port", httpPort, nodes);
        requirePorts("the peer port (--nbd-port + " + PEER_PORT_DISTANCE + ")", peerPort, nodes);
    }

    static void requireNodes(int count) {
        if (count < 1 || count > NODES_MAX) {
            throw CommandFailure.wrongArgument("--nodes is from 1 to " + NODES_MAX + ": " + count);
        }
    }

    private static void requirePorts(String option, int first, int count) {
        if (first < 1 || first + count - 1 > 65535) {
            throw CommandFailure.wrongArgument(option + " is from 1 to " + (65536 - count) + ": " + first);
        }
    }

    int nbdPort(int node) {
        return nbdPort + node - 1;
    }

    int httpPort(int node) {
        return httpPort + node - 1;
    }

    int peerPort(int node) {
        return peerPort + node - 1;
    }

    /** The same cluster elsewhere and otherwise set, for a comparison. */
    DemoSettings elsewhere(Path otherDir, String otherMode, int firstPort) {
        return new DemoSettings(
                otherDir,
                nodes,
                size,
                otherMode,
                durability,
                walEngine,
                firstPort,
                firstPort + NODES_MAX,
                firstPort + 2 * NODES_MAX,
                extra);
    }
}
