package io.parablock.transport;

import java.util.random.RandomGenerator;

/**
 * The first frame of a connection that a process without a replica dials: its lanes are answered on the same connections.
 * It is said again after each {@link FrameType#NOT_YET}.
 *
 * @param gateway drawn at each start, so that no two processes have the same: the log knows sessions by it, and every node
 *     answers to it. Above every node's id
 * @param boot of the gateway's process: milliseconds since 1970 at its start. Two processes that drew the same number differ
 *     by it
 * @param lane {@link Lane#CONTROL} or a data lane
 */
record GatewayHello(String clusterId, int gateway, int target, long boot, int lane) {
    /** Node ids end far below. */
    static final int ID_MIN = 1 << 16;

    GatewayHello {
        if (gateway < ID_MIN || lane < Lane.CONTROL || lane >= GatewayAccess.LANES_MAX) {
            throw new CodecException("a hello of gateway " + gateway + ", lane " + lane);
        }
    }

    /** A number for one run of a gateway. */
    static int draw(RandomGenerator random) {
        return random.nextInt(ID_MIN, Integer.MAX_VALUE);
    }
}
