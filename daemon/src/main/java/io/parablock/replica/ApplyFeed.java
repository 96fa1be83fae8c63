package io.parablock.replica;

import io.netty.buffer.ByteBuf;
import io.parablock.raft.RaftNode;
import io.parablock.raft.log.Entry;
import io.parablock.wal.WalCorruptException;
import java.util.ArrayDeque;
import java.util.function.Consumer;

/**
 * Hands issued entries to the apply stage, in order and with their payloads. One whose record is unreadable holds back those
 * behind it until the core has it again from a peer (protocol.md §4 Repair).
 */
final class ApplyFeed {
    private final ApplyStage stage;
    private final LogReader log;
    private final RaftNode core;
    private final Consumer<Entry> unreadable;
    private final ArrayDeque<Entry> held = new ArrayDeque<>();

    /** @param unreadable told of an entry whose record is damaged; may be told again until it is repaired */
    ApplyFeed(ApplyStage stage, LogReader log, RaftNode core, Consumer<Entry> unreadable) {
        this.stage = stage;
        this.log = log;
        this.core = core;
        this.unreadable = unreadable;
    }

    void add(Entry e) {
        if (!held.isEmpty() || !hand(e)) {
            held.add(e);
        }
    }

    /** Something became durable: perhaps what the others wait for. */
    void retry() {
        while (!held.isEmpty() && core.isDurable(held.element().slot())) {
            // The one that was written again, if so: committed, so it is the same.
            Entry now = core.entry(held.element().slot());
            if (now == null || !hand(now)) {
                return;
            }
            held.remove();
        }
    }

    private boolean hand(Entry e) {
        ByteBuf payload = PayloadCache.payloadOf(e);
        if (payload != null) {
            payload.retain();
        } else if (e.payloadLength() > 0) {
            try {
                payload = log.read(e);
            } catch (WalCorruptException damaged) {
                unreadable.accept(e);
                return false;
            }
        }
        stage.apply(e, payload);
        return true;
    }
}
