package io.parablock.transport;

import io.parablock.replica.client.ClientMessage;
import java.net.InetSocketAddress;

/** Hears what the cluster's members say to a gateway; called on event loops. References of payloads pass to it. */
public interface MemberHandler {
    /**
     * A member lets a lane of this gateway in: called before anything else of that lane.
     *
     * @return why this gateway cannot work with the member; empty if it can
     */
    String onOffer(int member, GatewayOffer offer);

    void onReply(int groupId, int from, ClientMessage message);

    /** The control lane to a member came up or went down. */
    void onConnected(int member, boolean up);

    /** Why a member is not connected, or is about to be lost: told once for each reason. */
    default void onComplaint(int member, InetSocketAddress at, String why) {}
}
