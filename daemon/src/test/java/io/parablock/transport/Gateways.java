package io.parablock.transport;

import java.util.List;

/** On which terms the nodes of tests let gateways in. */
final class Gateways {
    static final GatewayOffer OFFER = new GatewayOffer(
            List.of(
                    new GatewayOffer.Volume("disk", 10 << 20, 4 << 20, false, 1),
                    new GatewayOffer.Volume("tape", 1 << 20, 1 << 20, true, 4)),
            64,
            60_000_000_000L);

    static final long REPLY_BYTES_MAX = 4L << 20;

    static final GatewayAccess NONE = atMost(0);

    private Gateways() {}

    static GatewayAccess atMost(int gateways) {
        return atMost(gateways, 60_000);
    }

    static GatewayAccess atMost(int gateways, long keepAliveMs) {
        return new GatewayAccess(OFFER, gateways, REPLY_BYTES_MAX, keepAliveMs);
    }
}
