package io.parablock.transport;

import io.parablock.raft.membership.Seat;
import io.parablock.replica.Formation;
import java.util.SortedMap;
import java.util.TreeMap;

/** The first frames of connections. Pure. */
final class HelloReader {
    private HelloReader() {}

    static Hello ofPeer(FrameReader in) {
        if (in.type() != FrameType.HELLO) {
            throw new CodecException("not a Parablock peer");
        }
        requireVersion(in);
        Hello hello = new Hello(in.text(Hello.TEXT_BYTES_MAX), in.i32(), in.i32(), in.i64(), in.i32(), standing(in));
        in.requireEnd();
        return hello;
    }

    static GatewayHello ofGateway(FrameReader in) {
        requireVersion(in);
        GatewayHello hello = new GatewayHello(in.text(Hello.TEXT_BYTES_MAX), in.i32(), in.i32(), in.i64(), in.i32());
        in.requireEnd();
        return hello;
    }

    private static void requireVersion(FrameReader in) {
        if (in.i64() != Hello.MAGIC) {
            throw new CodecException("not a Parablock peer");
        }
        int version = in.u16();
        if (version != Hello.VERSION) {
            throw new Hello.OtherVersionException(version);
        }
    }

    private static Formation.Standing standing(FrameReader in) {
        long incarnation = in.i64();
        int count = in.count(Hello.MEMBER_BYTES);
        if (count > Hello.MEMBERS_MAX || incarnation == 0) {
            throw new CodecException("a hello of incarnation " + incarnation + " with " + count + " members");
        }
        TreeMap<Integer, Long> members = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            if (members.put(in.i32(), in.i64()) != null) {
                throw new CodecException("a member is named twice");
            }
        }
        return new Formation.Standing(incarnation, members, changed(in));
    }

    private static SortedMap<Integer, Seat> changed(FrameReader in) {
        int count = in.count(Hello.SEAT_BYTES);
        TreeMap<Integer, Seat> changed = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            int node = in.i32();
            int generation = in.i32();
            long incarnation = in.i64();
            if (count > Hello.MEMBERS_MAX || generation < 1 || incarnation == 0) {
                throw new CodecException("seat " + node + " of generation " + generation);
            }
            changed.put(node, new Seat(generation, incarnation));
        }
        return changed;
    }
}
