package io.parablock.replica;

import io.netty.buffer.ByteBuf;
import io.parablock.raft.log.Entry;
import io.parablock.wal.WalCorruptException;
import java.util.ArrayList;
import java.util.List;

/**
 * Hands issued entries to the apply stage, in order and with their payloads. One whose record is unreadable goes back to the
 * core, with all that were issued after it, because some of those may overlap it (protocol.md §4 Repair, §6).
 */
final class ApplyFeed {
    private final ApplyStage stage;
    private final LogReader log;
    private final Runnable onHeld;
    private final List<Entry> held = new ArrayList<>();

    /** @param onHeld called when there is something for {@link #takeHeld}, until it is taken */
    ApplyFeed(ApplyStage stage, LogReader log, Runnable onHeld) {
        this.stage = stage;
        this.log = log;
        this.onHeld = onHeld;
    }

    void add(Entry e) {
        if (!held.isEmpty()) {
            held.add(e);
        } else if (!hand(e)) {
            held.add(e);
            onHeld.run();
        }
    }

    /** Those that the stage was not given, in order; the first one's record is unreadable. */
    List<Entry> takeHeld() {
        List<Entry> taken = List.copyOf(held);
        held.clear();
        return taken;
    }

    private boolean hand(Entry e) {
        ByteBuf payload = PayloadCache.payloadOf(e);
        if (payload != null) {
            payload.retain();
        } else if (e.payloadLength() > 0) {
            try {
                payload = log.read(e);
            } catch (WalCorruptException damaged) {
                return false;
            }
        }
        stage.apply(e, payload);
        return true;
    }
}
