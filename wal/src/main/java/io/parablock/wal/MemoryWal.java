package io.parablock.wal;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * A log in memory, for simulation and tests. It can hold completions back and hand them out in any order, lose what
 * was not durable, and damage records.
 */
public final class MemoryWal implements Wal {
    /** When records complete. */
    public enum Completion {
        ON_SUBMIT,
        /** Only when {@link #complete} or {@link #completeAll} says so. */
        MANUAL
    }

    private enum Damage {
        NONE,
        PAYLOAD,
        HEADER
    }

    private static final class Stored {
        final long position;
        final WalRecord record;
        final byte[] payload;
        final long token;
        boolean stable;
        Damage damage = Damage.NONE;

        Stored(long position, WalRecord record, byte[] payload, long token) {
            this.position = position;
            this.record = record;
            this.payload = payload;
            this.token = token;
        }
    }

    private final WalListener listener;
    private final Durability durability;
    private final Completion completion;
    private final ConcurrentSkipListMap<Long, Stored> records;
    private final List<Stored> queued = new ArrayList<>();
    private final List<Stored> inFlight = new ArrayList<>();
    private final RecordChecksum checksum = new RecordChecksum();
    private long nextPosition;
    private boolean closed;
    private @Nullable String failure;

    public MemoryWal(WalListener listener) {
        this(listener, Durability.FSYNC, Completion.ON_SUBMIT);
    }

    public MemoryWal(WalListener listener, Durability durability, Completion completion) {
        this(listener, durability, completion, new ConcurrentSkipListMap<>(), 0);
    }

    private MemoryWal(
            WalListener listener,
            Durability durability,
            Completion completion,
            ConcurrentSkipListMap<Long, Stored> records,
            long nextPosition) {
        this.listener = listener;
        this.durability = durability;
        this.completion = completion;
        this.records = records;
        this.nextPosition = nextPosition;
    }

    @Override
    public long append(WalRecord record, ByteBuffer payload, long token) {
        checkUsable();
        if (payload.remaining() != record.payloadLength()) {
            throw new IllegalArgumentException(
                    "payload has " + payload.remaining() + " bytes, record says " + record.payloadLength());
        }
        assert checksum.ofPayload(payload) == record.payloadCrc() : "payload CRC of " + record;
        byte[] bytes = new byte[payload.remaining()];
        payload.get(payload.position(), bytes);
        Stored stored = new Stored(nextPosition++, copyOf(record), bytes, token);
        records.put(stored.position, stored);
        queued.add(stored);
        return stored.position;
    }

    @Override
    public void submit() {
        checkUsable();
        inFlight.addAll(queued);
        queued.clear();
        if (completion == Completion.ON_SUBMIT || durability == Durability.MAPPED) {
            completeAll();
        }
    }

    @Override
    public void force() {
        checkUsable();
        completeAll();
        records.values().forEach(stored -> stored.stable = true);
    }

    /** How many submitted records have not completed. */
    public int inFlight() {
        return inFlight.size();
    }

    /** Completes one of the records in flight, counted from the oldest: any order is allowed. */
    public void complete(int index) {
        Stored stored = inFlight.remove(index);
        stored.stable |= durability == Durability.FSYNC;
        listener.onDurable(stored.token);
    }

    public void completeAll() {
        while (!inFlight.isEmpty()) {
            complete(0);
        }
    }

    /** The machine loses power: what was not on stable storage is gone. This log is dead; the next run gets the new one. */
    public MemoryWal crash(WalListener nextListener) {
        records.values().removeIf(stored -> !stored.stable);
        return restart(nextListener);
    }

    /** The process dies or is restarted: what was handed to the log before is still there. */
    public MemoryWal restart(WalListener nextListener) {
        closed = true;
        return new MemoryWal(nextListener, durability, completion, records, nextPosition);
    }

    /** Every later call fails, as after a failed force. */
    public void fail(String reason) {
        failure = reason;
    }

    /** The record keeps its identity and loses its payload. */
    public void damagePayload(long position) {
        stored(position).damage = Damage.PAYLOAD;
    }

    /** The record loses its identity. */
    public void damageHeader(long position) {
        stored(position).damage = Damage.HEADER;
    }

    @Override
    public void read(long position, WalVisitor visitor) {
        Stored stored = stored(position);
        if (stored.damage != Damage.NONE) {
            throw new WalCorruptException("record at position " + position + " is damaged");
        }
        visitor.onRecord(position, stored.record, payloadOf(stored));
    }

    @Override
    public void scan(WalVisitor visitor) {
        checkUsable();
        for (Stored stored : records.values()) {
            switch (stored.damage) {
                case NONE -> visitor.onRecord(stored.position, stored.record, payloadOf(stored));
                case PAYLOAD ->
                    visitor.onDamaged(
                            stored.position, DamagedRecord.identified(stored.record, stored.stable, "payload CRC"));
                case HEADER ->
                    visitor.onDamaged(stored.position, DamagedRecord.unidentified(1, stored.stable, "header CRC"));
            }
            // What a scan has reported is acted upon, so it has to be as durable as if it had just been written.
            stored.stable |= durability == Durability.FSYNC;
        }
    }

    @Override
    public void truncate(int groupId, long slot) {
        checkUsable();
        records.values()
                .removeIf(
                        stored -> stored.stable && stored.record.groupId() == groupId && stored.record.slot() <= slot);
    }

    @Override
    public long sizeBytes() {
        long bytes = 0;
        for (Stored stored : records.values()) {
            bytes += RecordDescriptor.headerLength(stored.record.dep().length) + stored.payload.length;
        }
        return bytes;
    }

    @Override
    public String engine() {
        return "memory";
    }

    @Override
    public void close() {
        if (!closed && failure == null) {
            force();
        }
        closed = true;
    }

    private Stored stored(long position) {
        Stored stored = records.get(position);
        if (stored == null) {
            throw new WalCorruptException("no record at position " + position);
        }
        return stored;
    }

    private void checkUsable() {
        if (failure != null) {
            throw new WalFailedException(failure);
        }
        if (closed) {
            throw new IllegalStateException("the log is closed");
        }
    }

    private static ByteBuffer payloadOf(Stored stored) {
        return ByteBuffer.wrap(stored.payload).asReadOnlyBuffer();
    }

    private static WalRecord copyOf(WalRecord r) {
        return new WalRecord(
                r.groupId(),
                r.slot(),
                r.origin(),
                r.kind(),
                r.offsetBytes(),
                r.lengthBytes(),
                r.session(),
                r.seq(),
                r.lowestOutstanding(),
                r.payloadCrc(),
                r.payloadLength(),
                r.dep().length == 0 ? WalRecord.NO_DEP : r.dep().clone());
    }
}
