package io.parablock.wal;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * The log in memory, for simulation and tests. {@link #crash} gives what a restart would find: the durable records only.
 */
public final class MemoryWal implements Wal {
    private record Stored(WalRecord record, byte[] payload, long token) {}

    private final WalListener listener;
    private final TreeMap<Long, Stored> records = new TreeMap<>();
    private final List<Long> waiting = new ArrayList<>();
    private long next;
    private long durableTo;

    public MemoryWal(WalListener listener) {
        this.listener = listener;
    }

    /** A new log with what was durable in this one. */
    public synchronized MemoryWal crash(WalListener newListener) {
        MemoryWal after = new MemoryWal(newListener);
        after.records.putAll(records.headMap(durableTo));
        after.next = next;
        after.durableTo = next;
        return after;
    }

    @Override
    public synchronized long append(WalRecord record, ByteBuffer payload, long token) {
        byte[] copy = new byte[payload.remaining()];
        payload.get(copy);
        long position = next++;
        records.put(position, new Stored(record, copy, token));
        waiting.add(position);
        return position;
    }

    @Override
    public void submit() {
        List<Stored> done = new ArrayList<>();
        synchronized (this) {
            for (long position : waiting) {
                Stored s = records.get(position);
                if (s != null) {
                    done.add(s);
                }
            }
            waiting.clear();
            durableTo = next;
        }
        for (Stored s : done) {
            listener.onDurable(s.token());
        }
    }

    @Override
    public synchronized void force() {
        durableTo = next;
    }

    @Override
    public synchronized void read(long position, WalVisitor visitor) {
        Stored s = records.get(position);
        if (s == null) {
            throw new WalCorruptException("no record at position " + position);
        }
        visitor.onRecord(position, s.record(), ByteBuffer.wrap(s.payload()));
    }

    @Override
    public void scan(WalVisitor visitor) {
        List<Long> positions;
        synchronized (this) {
            positions = new ArrayList<>(records.keySet());
        }
        positions.forEach(p -> read(p, visitor));
    }

    @Override
    public synchronized void truncate(int groupId, long slot) {
        records.values()
                .removeIf(s -> s.record().groupId() == groupId && s.record().slot() <= slot);
    }

    @Override
    public synchronized long sizeBytes() {
        long bytes = 0;
        for (Stored s : records.values()) {
            bytes += RecordDescriptor.payloadOffset(s.record().dep().length) + s.payload().length;
        }
        return bytes;
    }

    @Override
    public String engine() {
        return "memory";
    }

    @Override
    public void close() {}
}
