package io.parablock.replica;

import io.netty.buffer.ByteBuf;
import io.parablock.blockdev.store.BlockStore;
import io.parablock.raft.log.Entry;
import io.parablock.raft.message.Message;
import java.util.ArrayList;
import java.util.List;

/** What a peer's entries must be before the core sees them, and who owns their payloads afterwards. */
final class IncomingEntries {
    private final BlockStore store;
    private long refused;

    IncomingEntries(BlockStore store) {
        this.store = store;
    }

    static List<Entry> of(Message m) {
        return m instanceof Message.Append a ? a.entries() : m instanceof Message.Entries e ? e.entries() : List.of();
    }

    /** Without entries whose payload or bounds are wrong: those are never acknowledged (protocol.md §4). */
    Message withSoundEntries(Message m) {
        List<Entry> entries = of(m);
        boolean allSound = true;
        for (int i = 0; i < entries.size() && allSound; i++) {
            allSound = isSound(entries.get(i));
        }
        if (allSound) {
            return m;
        }
        List<Entry> sound = new ArrayList<>();
        for (Entry e : entries) {
            if (isSound(e)) {
                sound.add(e);
            } else {
                refused++;
                release(e);
            }
        }
        return m instanceof Message.Append a
                ? new Message.Append(a.term(), sound, a.lookBehindFirst(), a.lookBehind(), a.round(), a.commit())
                : new Message.Entries(m.term(), sound);
    }

    private boolean isSound(Entry e) {
        ByteBuf payload = PayloadCache.payloadOf(e);
        return switch (e.kind()) {
            case WRITE -> payload != null && isInBounds(e) && LogReader.isIntact(e, payload);
            case ZERO, TRIM -> payload == null && isInBounds(e);
            case NOOP, CONFIG, SESSION -> payload == null;
        };
    }

    private boolean isInBounds(Entry e) {
        return e.offsetBytes() >= 0 && e.lengthBytes() > 0 && e.offsetBytes() <= store.sizeBytes() - e.lengthBytes();
    }

    /** Releases the payloads of entries that the core did not take: their buffer is in none of the appends. */
    static void releaseUnused(List<Entry> entries, List<Entry> taken) {
        int next = 0;
        for (int i = 0; i < entries.size(); i++) {
            ByteBuf payload = PayloadCache.payloadOf(entries.get(i));
            if (payload == null) {
                continue;
            }
            int at = indexOf(payload, taken, next);
            if (at >= 0) {
                next = at + 1;
            } else {
                payload.release();
            }
        }
    }

    /**
     * Where the buffer is among the appends, or -1. Mostly they are in the order of the frame, so the search begins behind the
     * last find; but the core may take one frame in parts, the cure first and then the repair, and owes nobody an order.
     */
    private static int indexOf(ByteBuf payload, List<Entry> taken, int from) {
        for (int i = from; i < taken.size(); i++) {
            if (taken.get(i).payload == payload) {
                return i;
            }
        }
        for (int i = Math.min(from, taken.size()) - 1; i >= 0; i--) {
            if (taken.get(i).payload == payload) {
                return i;
            }
        }
        return -1;
    }

    static void release(Entry e) {
        ByteBuf payload = PayloadCache.payloadOf(e);
        if (payload != null) {
            payload.release();
        }
    }

    long refused() {
        return refused;
    }
}
