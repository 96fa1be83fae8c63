package io.parablock.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayList;
import java.util.List;

/** The frames with which a gateway and a node meet. Pure. */
final class GatewayCodec {
    /** A volume's name may be empty. */
    private static final int VOLUME_BYTES_MIN = 2 + 8 + 8 + 1 + 4;

    private GatewayCodec() {}

    static ByteBuf hello(ByteBufAllocator alloc, GatewayHello h) {
        ByteBuf out = FrameWriter.begin(alloc, FrameType.GATEWAY_HELLO, 0, 0);
        out.writeLongLE(Hello.MAGIC).writeShortLE(Hello.VERSION);
        FrameWriter.text(out, h.clusterId());
        out.writeIntLE(h.gateway()).writeIntLE(h.target()).writeLongLE(h.boot()).writeIntLE(h.lane());
        return FrameWriter.end(out);
    }

    static ByteBuf offer(ByteBufAllocator alloc, GatewayOffer offer) {
        ByteBuf out = FrameWriter.begin(alloc, FrameType.GATEWAY_OK, 0, 0);
        out.writeIntLE(offer.sessionWindow()).writeLongLE(offer.sessionExpiryNs());
        out.writeIntLE(offer.volumes().size());
        for (GatewayOffer.Volume v : offer.volumes()) {
            FrameWriter.text(out, v.name());
            out.writeLongLE(v.sizeBytes()).writeLongLE(v.chunkBytes());
            out.writeBoolean(v.readOnly()).writeIntLE(v.firstGroup());
        }
        return FrameWriter.end(out);
    }

    static GatewayOffer offer(FrameReader in) {
        if (in.type() != FrameType.GATEWAY_OK) {
            throw new CodecException("unexpected " + in.type());
        }
        int window = in.i32();
        long expiryNs = in.i64();
        int count = in.count(VOLUME_BYTES_MIN);
        List<GatewayOffer.Volume> volumes = new ArrayList<>(Math.min(count, GatewayOffer.GROUPS_MAX));
        for (int i = 0; i < count; i++) {
            volumes.add(new GatewayOffer.Volume(
                    in.text(GatewayOffer.NAME_BYTES_MAX), in.i64(), in.i64(), in.flag(), in.i32()));
        }
        in.requireEnd();
        return new GatewayOffer(volumes, window, expiryNs);
    }
}
