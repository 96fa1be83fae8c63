package io.parablock.replica;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
 * </pre>
 */
@SuppressWarnings("ByteBufferBackingArray") // the buffers come from allocate(): the array is theirs alone
final class IdentityDescriptor {
    static final int MAGIC = 0x544E_4449;
    static final byte VERSION = 1;
    static final int CLUSTER_ID = 1;
    static final int NODE_ID = 9;
    static final int INCARNATION = 13;
    static final int GROUPS = 21;
    static final int COUNT = 25;
    static final int MEMBERS = 29;
    static final int MEMBER_BYTES = 12;

    private IdentityDescriptor() {}

    static byte[] encode(NodeIdentity identity) {
        ByteBuffer out = ByteBuffer.allocate(MEMBERS + identity.members().size() * MEMBER_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        out.put(0, VERSION);
        out.putLong(CLUSTER_ID, identity.clusterId());
        out.putInt(NODE_ID, identity.nodeId());
        out.putLong(INCARNATION, identity.incarnation());
        out.putInt(GROUPS, identity.groups());
        out.putInt(COUNT, identity.members().size());
        out.position(MEMBERS);
        identity.members().forEach((id, incarnation) -> out.putInt(id).putLong(incarnation));
        return out.array();
    }

    /** Returns null if the bytes are of another version or not sound. */
    static @Nullable NodeIdentity decode(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.length < MEMBERS || in.get(0) != VERSION) {
            return null;
        }
        int count = in.getInt(COUNT);
        long incarnation = in.getLong(INCARNATION);
        if (count < 0 || (long) count * MEMBER_BYTES != bytes.length - MEMBERS || incarnation == 0) {
            return null;
        }
        in.position(MEMBERS);
        TreeMap<Integer, Long> members = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            members.put(in.getInt(), in.getLong());
        }
        int groups = in.getInt(GROUPS);
        return new NodeIdentity(in.getLong(CLUSTER_ID), in.getInt(NODE_ID), incarnation, groups, members);
    }
}
