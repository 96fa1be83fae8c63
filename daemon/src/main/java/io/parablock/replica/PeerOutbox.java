package io.parablock.replica;

import io.netty.buffer.ByteBuf;
import io.parablock.raft.log.Entry;
import io.parablock.raft.message.Message;
import io.parablock.wal.WalException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Sends the core's messages. Where an entry's payload is only in the WAL any more, the message waits for a catch-up read off
 * the group's thread and is sent later: the protocol takes messages in any order.
 */
final class PeerOutbox {
    /** Messages that wait for their turn to be read: more than a window of a few peers. What is over goes with a repeat. */
    private static final int WAITING_MAX = 256;

    private record Waiting(int to, Message message) {}

    private final int groupId;
    private final ReplicaPorts ports;
    private final LogReader log;
    private final int readsMax;
    private final Consumer<Entry> unreadable;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private int reading;
    private long newestTerm;
    private long dropped;
    private boolean closed;

    /** @param unreadable told on the group's thread of an entry whose record is damaged, or is no longer needed */
    PeerOutbox(int groupId, ReplicaPorts ports, LogReader log, int readsMax, Consumer<Entry> unreadable) {
        this.groupId = groupId;
        this.ports = ports;
        this.log = log;
        this.readsMax = readsMax;
        this.unreadable = unreadable;
    }

    void send(int to, Message message) {
        newestTerm = Math.max(newestTerm, message.term());
        if (!lacksPayload(entriesOf(message))) {
            ports.peers().send(groupId, to, message);
        } else if (reading < readsMax) {
            startReading(to, message);
        } else if (waiting.size() < WAITING_MAX) {
            waiting.add(new Waiting(to, message));
        } else {
            // The core sends again what is not acknowledged.
            dropped++;
        }
    }

    private static List<Entry> entriesOf(Message message) {
        return message instanceof Message.Append a
                ? a.entries()
                : message instanceof Message.Entries e ? e.entries() : List.of();
    }

    private static boolean lacksPayload(List<Entry> entries) {
        for (int i = 0; i < entries.size(); i++) {
            if (entries.get(i).payload == null && entries.get(i).payloadLength() > 0) {
                return true;
            }
        }
        return false;
    }

    private void startReading(int to, Message message) {
        reading++;
        List<Entry> entries = entriesOf(message);
        List<Entry> copies = new ArrayList<>(entries.size());
        for (Entry e : entries) {
            Entry copy = e.withDep(e.dep());
            if (copy.payload instanceof ByteBuf buf) {
                buf.retain();
            }
            copies.add(copy);
        }
        Executor loop = ports.loop();
        try {
            ports.background().execute(() -> {
                Entry missing = readMissing(copies);
                try {
                    loop.execute(() -> finish(to, missing, copies, message));
                } catch (RejectedExecutionException closed) {
                    release(copies);
                }
            });
        } catch (RejectedExecutionException closed) {
            reading--;
            release(copies);
        }
    }

    /** The first one that cannot be read, or null. */
    private @Nullable Entry readMissing(List<Entry> copies) {
        for (Entry e : copies) {
            if (e.payload == null && e.payloadLength() > 0) {
                try {
                    e.payload = log.read(e);
                } catch (WalException truncatedOrDamaged) {
                    return e;
                }
            }
        }
        return null;
    }

    private void finish(int to, @Nullable Entry missing, List<Entry> copies, Message message) {
        reading--;
        try {
            if (missing == null && !closed) {
                ports.peers().send(groupId, to, with(message, List.copyOf(copies)));
            } else {
                dropped++;
            }
            if (missing != null) {
                unreadable.accept(missing);
            }
        } finally {
            release(copies);
        }
        startNext();
    }

    private void startNext() {
        while (reading < readsMax && !waiting.isEmpty()) {
            Waiting next = waiting.remove();
            if (next.message().term() >= newestTerm) {
                startReading(next.to(), next.message());
            }
        }
    }

    private static Message with(Message message, List<Entry> entries) {
        return message instanceof Message.Append a
                ? new Message.Append(a.term(), entries, a.lookBehindFirst(), a.lookBehind(), a.round(), a.commit())
                : new Message.Entries(message.term(), entries);
    }

    private static void release(List<Entry> copies) {
        for (Entry e : copies) {
            if (e.payload instanceof ByteBuf buf) {
                e.payload = null;
                buf.release();
            }
        }
    }

    /** Nothing is sent any more. */
    void close() {
        closed = true;
        waiting.clear();
    }

    /** Messages not sent because too many catch-up reads were under way, or a record was gone. */
    long dropped() {
        return dropped;
    }
}
