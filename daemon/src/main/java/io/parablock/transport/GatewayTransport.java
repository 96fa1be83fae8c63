package io.parablock.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoopGroup;
import io.parablock.blockdev.nbd.netty.TransportKind;
import io.parablock.raft.message.Message;
import io.parablock.replica.PeerSender;
import io.parablock.replica.client.ClientMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * The connections of a process that serves clients and holds no replica. It dials every member and is answered on the same
 * connections, so that it may stand behind a firewall:
 *
 * <pre>
 *   gateway ── control ─────► member     small requests   ◄── answers, who leads
 *           ══ lane 0..L-1 ═► member     Mutate           ◄══ ReadReply
 * </pre>
 *
 * Sends queue; {@link #flush} puts them on the wire. Thread-safe.
 */
public final class GatewayTransport implements PeerSender, AutoCloseable {
    private final PeerTransportConfig config;
    private final MemberHandler handler;
    private final Map<Integer, PeerLanes> members = new TreeMap<>();

    /**
     * Dials nobody yet.
     *
     * @param config its node is {@link #drawId}, its peers the members
     * @param keepAliveMs {@code transport.gateway_keep_alive}: between two signs of life; after four times that without one of
     *     a member a connection is dialled again
     */
    public GatewayTransport(
            PeerTransportConfig config,
            EventLoopGroup loops,
            TransportKind kind,
            long keepAliveMs,
            MemberHandler handler) {
        this.config = config;
        this.handler = handler;
        for (int member : config.peers().keySet()) {
            Dialler dialler = new ToMember(member);
            members.put(
                    member,
                    new PeerLanes(
                            member,
                            config.lanes(),
                            lane -> new Lane(config, member, lane, loops.next(), kind, dialler, keepAliveMs)));
        }
    }

    /** A number for one run of a gateway, above every node's id. */
    public static int drawId(RandomGenerator random) {
        return GatewayHello.draw(random);
    }

    private final class ToMember implements Dialler {
        private final int member;

        ToMember(int member) {
            this.member = member;
        }

        @Override
        public ByteBuf hello(ByteBufAllocator alloc, int lane) {
            return GatewayCodec.hello(
                    alloc, new GatewayHello(config.clusterId(), config.nodeId(), member, config.boot(), lane));
        }

        @Override
        public void onWelcome(FrameReader answer) {
            String why = handler.onOffer(member, GatewayCodec.offer(answer));
            if (!why.isEmpty()) {
                throw new CodecException(why);
            }
        }

        @Override
        public void onFrame(FrameReader frame) {
            if (!frame.type().isClient() || frame.type().isRequest()) {
                throw new CodecException("unexpected " + frame.type());
            }
            handler.onReply(frame.groupId(), member, frame.client());
        }

        @Override
        public void onUp(int lane) {
            if (lane == Lane.CONTROL) {
                handler.onConnected(member, true);
            }
        }

        @Override
        public void onDown(int lane) {
            if (lane == Lane.CONTROL) {
                handler.onConnected(member, false);
            }
        }

        /** What one lane meets the others meet too. */
        @Override
        public void onComplaint(int lane, String why) {
            if (lane == Lane.CONTROL) {
                handler.onComplaint(
                        member, Objects.requireNonNull(config.peers().get(member)), why);
            }
        }
    }

    public void dial() {
        members.values().forEach(PeerLanes::dial);
    }

    @Override
    public void send(int groupId, int to, Message message) {
        throw new UnsupportedOperationException("a gateway is no member: " + message);
    }

    /** Bulk takes the lane for control while no other is up: there is no heartbeat that it could delay. */
    @Override
    public void sendClient(int groupId, int to, ClientMessage message) {
        PeerLanes lanes = members.get(to);
        try {
            if (lanes != null) {
                Lane data = FrameWriter.isBulk(message) ? lanes.leastLoaded() : null;
                PeerLanes.send(data == null ? lanes.control() : data, groupId, message);
            }
        } finally {
            PeerTransport.release(message);
        }
    }

    @Override
    public boolean connected(int peer) {
        PeerLanes lanes = members.get(peer);
        return lanes != null && lanes.isUp();
    }

    @Override
    public void flush() {
        members.values().forEach(PeerLanes::flush);
    }

    public List<PeerTransport.PeerReading> readings() {
        List<PeerTransport.PeerReading> out = new ArrayList<>();
        members.values().forEach(m -> out.add(m.reading()));
        return out;
    }

    @Override
    public void close() {
        members.values().forEach(PeerLanes::close);
    }
}
