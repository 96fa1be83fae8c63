package io.parablock.transport;

/**
 * On which terms a node lets gateways in.
 *
 * @param offer what they are told
 * @param gatewaysMax {@code transport.gateways_max}: connected at once; 0 for none
 * @param replyBytesMax {@code transport.gateway_reply_bytes_max}: bytes that may wait to go out to all gateways together; one may
 *     hold a quarter
 * @param keepAliveSeconds {@code transport.gateway_keep_alive}: of silence, until TCP asks whether a gateway is there
 */
public record GatewayAccess(GatewayOffer offer, int gatewaysMax, long replyBytesMax, int keepAliveSeconds) {
    /** Named limit of the data lanes of one gateway. */
    public static final int LANES_MAX = 16;
}
