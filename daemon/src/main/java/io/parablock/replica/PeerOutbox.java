package io.parablock.replica;

import io.netty.buffer.ByteBuf;
import io.parablock.raft.log.Entry;
import io.parablock.raft.message.Message;
import io.parablock.wal.WalException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Sends the core's messages. Where an entry's payload is only in the WAL any more, the message waits for a catch-up read off
 * the group's thread and is sent later: the protocol takes messages in any order.
 */
final class PeerOutbox {
    private final int groupId;
    private final ReplicaPorts ports;
    private final LogReader log;
    private final int readsMax;
    private int reading;
    private long dropped;
    private boolean closed;

    PeerOutbox(int groupId, ReplicaPorts ports, LogReader log, int readsMax) {
        this.groupId = groupId;
        this.ports = ports;
        this.log = log;
        this.readsMax = readsMax;
    }

    void send(int to, Message message) {
        if (message instanceof Message.Append a && lacksPayload(a.entries())) {
            sendLater(
                    to,
                    a.entries(),
                    full -> new Message.Append(
                            a.term(), full, a.lookBehindFirst(), a.lookBehind(), a.round(), a.commit()));
        } else if (message instanceof Message.Entries e && lacksPayload(e.entries())) {
            sendLater(to, e.entries(), full -> new Message.Entries(e.term(), full));
        } else {
            ports.peers().send(groupId, to, message);
        }
    }

    private static boolean lacksPayload(List<Entry> entries) {
        for (int i = 0; i < entries.size(); i++) {
            if (entries.get(i).payload == null && entries.get(i).payloadLength() > 0) {
                return true;
            }
        }
        return false;
    }

    private interface Rebuild {
        Message with(List<Entry> entries);
    }

    private void sendLater(int to, List<Entry> entries, Rebuild rebuild) {
        if (reading >= readsMax) {
            // The core sends again what is not acknowledged.
            dropped++;
            return;
        }
        reading++;
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
                boolean complete = readMissing(copies);
                try {
                    loop.execute(() -> finish(to, complete, copies, rebuild));
                } catch (RejectedExecutionException closed) {
                    release(copies);
                }
            });
        } catch (RejectedExecutionException closed) {
            reading--;
            release(copies);
        }
    }

    private boolean readMissing(List<Entry> copies) {
        for (Entry e : copies) {
            if (e.payload == null && e.payloadLength() > 0) {
                try {
                    e.payload = log.read(e);
                } catch (WalException truncatedOrDamaged) {
                    return false;
                }
            }
        }
        return true;
    }

    private void finish(int to, boolean complete, List<Entry> copies, Rebuild rebuild) {
        reading--;
        try {
            if (complete && !closed) {
                ports.peers().send(groupId, to, rebuild.with(List.copyOf(copies)));
            } else {
                dropped++;
            }
        } finally {
            release(copies);
        }
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
    }

    /** Messages not sent because too many catch-up reads were under way, or a record was gone. */
    long dropped() {
        return dropped;
    }
}
