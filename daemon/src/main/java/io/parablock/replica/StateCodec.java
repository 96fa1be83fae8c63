package io.parablock.replica;

import io.parablock.raft.log.OriginRun;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.membership.Members;
import io.parablock.raft.membership.Seat;
import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.HardState;
import io.parablock.raft.state.SessionImage;
import io.parablock.raft.state.SyncRecord;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * The bytes of META, SYNCREC and CKPT (protocol.md §1); the state store adds the checksum. Little-endian.
 *
 * <pre>
 *  META     | version 1 | clusterId 8 | groupId 4 | nodeId 4 | incarnation 8 | term 8 | votedFor 4 | syncTerm 8 | mSync 8
 *           | suspect 1 |
 *
 *  SYNCREC  | version 1 | term 8 | m 8 | count 4 | count x { first 8 | last 8 | origin 8 }
 *                                      | count 4 | count x { first 8 | last 8 }              (no-ops)
 *
 *  CKPT     | version 2 | a 8 | logBase 8 | e 8 | installing 1 | count 4 | count x { first 8 | last 8 | origin 8 }
 *                                         | count 4 | count x session
 *           version 3 has also            | count 4 | count x { node 4 | generation 4 | incarnation 8 }    (members)
 *  session  | id 8 | gatewayNode 4 | gatewayBoot 8 | nonce 8 | floor 8 | count 4 | count x { seq 8 | slot 8 }
 * </pre>
 */
@SuppressWarnings("ByteBufferBackingArray") // the buffers come from allocate(): the array is theirs alone
public final class StateCodec {
    /** The only version there is; another one is refused. */
    public static final byte VERSION = 1;

    /** Of CKPT: version 1 had neither e nor installing, and is still read. */
    public static final byte CHECKPOINT_VERSION = 2;

    /** Of a CKPT that has members: they have changed since the cluster formed. */
    public static final byte CHECKPOINT_WITH_MEMBERS = 3;

    private static final int META_BYTES = 1 + 8 + 4 + 4 + 8 + 8 + 4 + 8 + 8 + 1;
    private static final int ORIGIN_RUN_BYTES = 24;
    private static final int SLOT_RUN_BYTES = 16;
    private static final int SESSION_HEAD_BYTES = 8 + 4 + 8 + 8 + 8 + 4;
    private static final int SEQ_BYTES = 16;
    private static final int SEAT_BYTES = 4 + 4 + 8;

    private StateCodec() {}

    /** META, decoded. */
    public record Meta(Identity identity, HardState hardState) {}

    /** The bytes are not what their checksum promised, or are of another version. */
    public static final class MalformedStateException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        MalformedStateException(String line) {
            super(line);
        }
    }

    public static byte[] encodeMeta(Identity id, HardState hard) {
        return allocate(META_BYTES)
                .putLong(id.clusterId())
                .putInt(id.groupId())
                .putInt(id.nodeId())
                .putLong(id.incarnation())
                .putLong(hard.term())
                .putInt(hard.votedFor())
                .putLong(hard.syncTerm())
                .putLong(hard.mSync())
                .put((byte) (hard.suspect() ? 1 : 0))
                .array();
    }

    public static Meta decodeMeta(byte[] bytes) {
        return decode(bytes, "META", in -> {
            Identity id = new Identity(in.getLong(), in.getInt(), in.getInt(), in.getLong());
            return new Meta(id, new HardState(in.getLong(), in.getInt(), in.getLong(), in.getLong(), in.get() != 0));
        });
    }

    public static byte[] encodeSyncRecord(SyncRecord record) {
        ByteBuffer out = allocate(1
                + 8
                + 8
                + 4
                + record.runs().size() * ORIGIN_RUN_BYTES
                + 4
                + record.noops().size() * SLOT_RUN_BYTES);
        out.putLong(record.term()).putLong(record.m());
        putOrigins(out, record.runs());
        out.putInt(record.noops().size());
        for (SlotRun r : record.noops()) {
            out.putLong(r.first()).putLong(r.last());
        }
        return out.array();
    }

    public static SyncRecord decodeSyncRecord(byte[] bytes) {
        return decode(bytes, "SYNCREC", in -> {
            long term = in.getLong();
            long m = in.getLong();
            List<OriginRun> runs = getOrigins(in);
            int count = count(in, SLOT_RUN_BYTES);
            List<SlotRun> noops = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                noops.add(new SlotRun(in.getLong(), in.getLong()));
            }
            return new SyncRecord(term, m, List.copyOf(runs), List.copyOf(noops));
        });
    }

    public static byte[] encodeCheckpoint(Checkpoint ckpt) {
        int size = 1 + 8 + 8 + 8 + 1 + 4 + ckpt.origins().size() * ORIGIN_RUN_BYTES + 4;
        for (SessionImage s : ckpt.sessions()) {
            size += SESSION_HEAD_BYTES + s.seqs().length * SEQ_BYTES;
        }
        Members members = ckpt.members();
        size += members == null ? 0 : 4 + members.seats().size() * SEAT_BYTES;
        ByteBuffer out = allocate(size).putLong(ckpt.a()).putLong(ckpt.logBase());
        out.put(0, members == null ? CHECKPOINT_VERSION : CHECKPOINT_WITH_MEMBERS);
        out.putLong(ckpt.e()).put((byte) (ckpt.installing() ? 1 : 0));
        putOrigins(out, ckpt.origins());
        out.putInt(ckpt.sessions().size());
        for (SessionImage s : ckpt.sessions()) {
            out.putLong(s.id()).putInt(s.gatewayNode()).putLong(s.gatewayBoot());
            out.putLong(s.nonce()).putLong(s.floor()).putInt(s.seqs().length);
            for (int i = 0; i < s.seqs().length; i++) {
                out.putLong(s.seqs()[i]).putLong(s.slots()[i]);
            }
        }
        if (members != null) {
            out.putInt(members.seats().size());
            members.seats()
                    .forEach((node, seat) ->
                            out.putInt(node).putInt(seat.generation()).putLong(seat.incarnation()));
        }
        return out.array();
    }

    public static Checkpoint decodeCheckpoint(byte[] bytes) {
        return decode(bytes, "CKPT", CHECKPOINT_WITH_MEMBERS, in -> {
            long a = in.getLong();
            long logBase = in.getLong();
            if (logBase > a) {
                throw new MalformedStateException("CKPT: log base " + logBase + " above its slot " + a);
            }
            boolean hasInstall = in.get(0) >= CHECKPOINT_VERSION;
            long e = hasInstall ? in.getLong() : 0;
            boolean installing = hasInstall && in.get() != 0;
            List<OriginRun> origins = getOrigins(in);
            int count = count(in, SESSION_HEAD_BYTES);
            List<SessionImage> sessions = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                sessions.add(getSession(in));
            }
            Members members = in.get(0) >= CHECKPOINT_WITH_MEMBERS ? getMembers(in) : null;
            return new Checkpoint(a, List.copyOf(origins), List.copyOf(sessions), logBase, e, installing, members);
        });
    }

    private static Members getMembers(ByteBuffer in) {
        int count = count(in, SEAT_BYTES);
        TreeMap<Integer, Seat> seats = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            seats.put(in.getInt(), new Seat(in.getInt(), in.getLong()));
        }
        return new Members(seats);
    }

    private static SessionImage getSession(ByteBuffer in) {
        long id = in.getLong();
        int gatewayNode = in.getInt();
        long gatewayBoot = in.getLong();
        long nonce = in.getLong();
        long floor = in.getLong();
        int seqCount = count(in, SEQ_BYTES);
        long[] seqs = new long[seqCount];
        long[] slots = new long[seqCount];
        for (int n = 0; n < seqCount; n++) {
            seqs[n] = in.getLong();
            slots[n] = in.getLong();
        }
        return new SessionImage(id, gatewayNode, gatewayBoot, nonce, floor, seqs, slots);
    }

    private static void putOrigins(ByteBuffer out, List<OriginRun> runs) {
        out.putInt(runs.size());
        for (OriginRun r : runs) {
            out.putLong(r.first()).putLong(r.last()).putLong(r.origin());
        }
    }

    private static List<OriginRun> getOrigins(ByteBuffer in) {
        int count = count(in, ORIGIN_RUN_BYTES);
        List<OriginRun> runs = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            runs.add(new OriginRun(in.getLong(), in.getLong(), in.getLong()));
        }
        return runs;
    }

    /** Checked against what is left before anything is allocated. */
    private static int count(ByteBuffer in, int itemBytes) {
        int count = in.getInt();
        if (count < 0 || count > in.remaining() / itemBytes) {
            throw new MalformedStateException("count " + count + " with " + in.remaining() + " bytes left");
        }
        return count;
    }

    /** Always of its full size when its array is taken, and from index 0. */
    private static ByteBuffer allocate(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN).put(VERSION);
    }

    private interface Body<T> {
        T read(ByteBuffer in);
    }

    private static <T> T decode(byte[] bytes, String what, Body<T> body) {
        return decode(bytes, what, VERSION, body);
    }

    private static <T> T decode(byte[] bytes, String what, byte newest, Body<T> body) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        try {
            byte version = in.get();
            if (version < VERSION || version > newest) {
                throw new MalformedStateException(what + ": unknown version " + version);
            }
            T value = body.read(in);
            if (in.hasRemaining()) {
                throw new MalformedStateException(what + ": " + in.remaining() + " bytes too many");
            }
            return value;
        } catch (BufferUnderflowException e) {
            throw new MalformedStateException(what + ": cut off after " + bytes.length + " bytes");
        } catch (IllegalArgumentException e) {
            throw new MalformedStateException(what + ": " + e.getMessage());
        }
    }
}
