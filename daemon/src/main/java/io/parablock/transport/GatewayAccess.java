package io.parablock.transport;

/**
 * On which terms a node lets gateways in.
 *
 * @param offer what they are told
 * @param gatewaysMax {@code transport.gateways_max}: connected at once; 0 for none
 * @param replyBytesMax {@code transport.gateway_reply_bytes_max}: bytes that may wait to go out to all gateways together; one may
 *     hold a quarter
 * @param keepAliveMs {@code transport.gateway_keep_alive}: between two signs of life; after four times that without one a
 *     connection is closed
 */
public record GatewayAccess(GatewayOffer offer, int gatewaysMax, long replyBytesMax, long keepAliveMs) {
    /** Named limit of the data lanes of one gateway. */
    public static final int LANES_MAX = 16;
}
