package io.parablock.replica;

import io.parablock.raft.membership.Seat;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of the file {@code identity}; {@link io.parablock.wal.AtomicFile} adds its header and a checksum. Little-endian:
 *
 * <pre>
 *   0         1            9          13              21         25        29
 *  +---------+------------+----------+---------------+----------+---------+--------------------------------
 *  | version | cluster id | node id  | incarnation   | groups   | count   | count x { id 4 | incarnation 8 }
 *  +---------+------------+----------+---------------+----------+---------+--------------------------------
 *  version 2 has also, behind the members:  | count 4 | count x { id 4 | generation 4 | incarnation 8 }   (changed seats)
 * </pre>
 */
@SuppressWarnings("ByteBufferBackingArray") // the buffers come from allocate(): the array is theirs alone
final class IdentityDescriptor {
    static final int MAGIC = 0x544E_4449;
    static final byte VERSION = 1;
    /** Of an identity with changed seats. */
    static final byte WITH_CHANGES = 2;

    static final int CLUSTER_ID = 1;
    static final int NODE_ID = 9;
    static final int INCARNATION = 13;
    static final int GROUPS = 21;
    static final int COUNT = 25;
    static final int MEMBERS = 29;
    static final int MEMBER_BYTES = 12;
    static final int SEAT_BYTES = 16;

    private IdentityDescriptor() {}

    static byte[] encode(NodeIdentity identity) {
        boolean changed = !identity.changed().isEmpty();
        int seats = changed ? 4 + identity.changed().size() * SEAT_BYTES : 0;
        ByteBuffer out = ByteBuffer.allocate(MEMBERS + identity.members().size() * MEMBER_BYTES + seats)
                .order(ByteOrder.LITTLE_ENDIAN);
        out.put(0, changed ? WITH_CHANGES : VERSION);
        out.putLong(CLUSTER_ID, identity.clusterId());
        out.putInt(NODE_ID, identity.nodeId());
        out.putLong(INCARNATION, identity.incarnation());
        out.putInt(GROUPS, identity.groups());
        out.putInt(COUNT, identity.members().size());
        out.position(MEMBERS);
        identity.members().forEach((id, incarnation) -> out.putInt(id).putLong(incarnation));
        if (changed) {
            out.putInt(identity.changed().size());
            identity.changed()
                    .forEach((id, seat) ->
                            out.putInt(id).putInt(seat.generation()).putLong(seat.incarnation()));
        }
        return out.array();
    }

    /** Returns null if the bytes are of another version or not sound. */
    static @Nullable NodeIdentity decode(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.length < MEMBERS || in.get(0) < VERSION || in.get(0) > WITH_CHANGES) {
            return null;
        }
        int count = in.getInt(COUNT);
        long incarnation = in.getLong(INCARNATION);
        long left = bytes.length - MEMBERS - (long) count * MEMBER_BYTES;
        boolean changed = in.get(0) == WITH_CHANGES;
        if (count < 0 || (changed ? left < 4 : left != 0) || incarnation == 0) {
            return null;
        }
        in.position(MEMBERS);
        TreeMap<Integer, Long> members = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            members.put(in.getInt(), in.getLong());
        }
        TreeMap<Integer, Seat> seats = new TreeMap<>();
        if (changed && !readSeats(in, seats)) {
            return null;
        }
        int groups = in.getInt(GROUPS);
        return new NodeIdentity(in.getLong(CLUSTER_ID), in.getInt(NODE_ID), incarnation, groups, members, seats);
    }

    private static boolean readSeats(ByteBuffer in, Map<Integer, Seat> out) {
        int count = in.getInt();
        if (count < 0 || (long) count * SEAT_BYTES != in.remaining()) {
            return false;
        }
        for (int i = 0; i < count; i++) {
            int id = in.getInt();
            int generation = in.getInt();
            long incarnation = in.getLong();
            if (generation < 0 || incarnation == 0) {
                return false;
            }
            out.put(id, new Seat(generation, incarnation));
        }
        return true;
    }
}
