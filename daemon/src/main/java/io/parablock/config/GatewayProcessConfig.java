package io.parablock.config;

import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The whole configuration of a gateway that runs without a replica: a part of a node's keys, each with the same meaning
 * ({@code parablock-reference.conf}). What there is to serve, the nodes tell it.
 *
 * @param members {@code peers}: the cluster's nodes
 * @param httpListen unresolved; null for no status server
 */
public record GatewayProcessConfig(
        String clusterId,
        List<NodeConfig.Peer> members,
        NodeConfig.NbdKeys nbd,
        @Nullable InetSocketAddress httpListen,
        NodeConfig.PipelineKeys pipeline,
        NodeConfig.TransportKeys transport,
        NodeConfig.GatewayKeys gateway,
        NodeConfig.Limits limits,
        NodeConfig.LogKeys log) {
    public GatewayProcessConfig {
        members = List.copyOf(members);
    }
}
