package io.parablock.simulator;

import io.parablock.wal.Wal;
import io.parablock.wal.WalCorruptException;
import io.parablock.wal.WalListener;
import io.parablock.wal.WalRecord;
import io.parablock.wal.WalVisitor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/** A log in memory that loses at a power loss what was not forced. */
final class VolatileWal implements Wal {
    private static final class Stored {
        final WalRecord record;
        final byte[] payload;
        final long token;
        boolean submitted;
        boolean forced;

        Stored(WalRecord record, byte[] payload, long token) {
            this.record = record;
            this.payload = payload;
            this.token = token;
        }
    }

    private final boolean mapped;
    private final NavigableMap<Long, Stored> records;
    private final WalListener listener;
    private final List<Stored> waiting = new ArrayList<>();
    private long next;
    private long unforcedFrom;

    VolatileWal(boolean mapped) {
        this(mapped, new TreeMap<>(), 0, token -> {});
    }

    private VolatileWal(boolean mapped, NavigableMap<Long, Stored> records, long next, WalListener listener) {
        this.mapped = mapped;
        this.records = records;
        this.next = next;
        this.unforcedFrom = 0;
        this.listener = listener;
    }

    VolatileWal reopen(WalListener newListener) {
        return new VolatileWal(mapped, records, next, newListener);
    }

    /** What was handed over is written; of the rest, the first ones. */
    void kill(Seeded random) {
        int written = waiting.isEmpty() ? 0 : random.below(waiting.size() + 1);
        for (Stored s : waiting.subList(written, waiting.size())) {
            records.values().remove(s);
        }
        waiting.clear();
    }

    /** Any subset of what was not forced is there. */
    void powerLoss(Seeded random) {
        waiting.clear();
        records.tailMap(unforcedFrom, true).values().removeIf(s -> !s.forced && random.coin());
        // What the machine finds after its restart is on the disk.
        records.values().forEach(s -> s.forced = true);
    }

    @Override
    public long append(WalRecord record, ByteBuffer payload, long token) {
        byte[] copy = new byte[payload.remaining()];
        payload.get(copy);
        long position = next++;
        Stored s = new Stored(record, copy, token);
        records.put(position, s);
        waiting.add(s);
        return position;
    }

    @Override
    public void submit() {
        List<Stored> done = List.copyOf(waiting);
        waiting.clear();
        for (Stored s : done) {
            s.submitted = true;
            s.forced = !mapped;
        }
        for (Stored s : done) {
            listener.onDurable(s.token);
        }
    }

    @Override
    public void force() {
        for (Stored s : records.tailMap(unforcedFrom, true).values()) {
            s.forced = true;
        }
        unforcedFrom = next;
    }

    @Override
    public void read(long position, WalVisitor visitor) {
        Stored s = records.get(position);
        if (s == null) {
            throw new WalCorruptException("no record at position " + position);
        }
        visitor.onRecord(position, s.record, ByteBuffer.wrap(s.payload));
    }

    @Override
    public void scan(WalVisitor visitor) {
        force();
        new ArrayList<>(records.keySet()).forEach(p -> read(p, visitor));
    }

    @Override
    public void truncate(int groupId, long slot) {
        records.values().removeIf(s -> s.submitted && s.record.groupId() == groupId && s.record.slot() <= slot);
    }

    @Override
    public long sizeBytes() {
        return records.size();
    }

    @Override
    public String engine() {
        return "volatile";
    }

    @Override
    public void close() {}
}
