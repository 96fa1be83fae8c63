package io.parablock.raft;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.log.RaftLog;
import io.parablock.raft.message.Message;
import java.util.ArrayList;
import java.util.List;

/** Any node's answer to a Fetch (protocol.md §4): catch-up, merge and repair read from it. */
final class FetchServer {
    private final CoreState state;
    private final int fetchSlotsMax;

    FetchServer(CoreState state) {
        this.state = state;
        this.fetchSlotsMax = state.config.fetchSlotsMax();
    }

    /**
     * Serves a Fetch from the effective log: only what is durably here, in frames of the append limits.
     *
     * @return the log base that a syncing follower must hear of, because its first slot is gone from the log or is not to be
     *     had any more; -1 if it need not
     */
    long serve(int from, Message.Fetch m) {
        List<Entry> batch = new ArrayList<>();
        int bytes = 0;
        int slots = 0;
        for (OriginRun run : m.wanted()) {
            for (long s = run.first(); s <= run.last() && slots < fetchSlotsMax; s++, slots++) {
                Entry e = state.log.get(s);
                if (e == null || e.origin() != run.origin() || e.kind() == EntryKind.NOOP || !state.log.isDurable(s)) {
                    continue;
                }
                if (!batch.isEmpty()
                        && (batch.size() >= state.config.appendEntriesMax()
                                || bytes + e.payloadLength() > state.config.appendBytesMax())) {
                    state.send(from, new Message.Entries(state.term, List.copyOf(batch)));
                    batch.clear();
                    bytes = 0;
                }
                batch.add(e);
                bytes += e.payloadLength();
            }
        }
        if (!batch.isEmpty()) {
            state.send(from, new Message.Entries(state.term, List.copyOf(batch)));
        }
        return m.wanted().isEmpty() ? -1 : baseFor(m.wanted().get(0).first());
    }

    /** A record under the checkpoint that rotted, and that the others have truncated: as good as truncated here, too. */
    private long baseFor(long slot) {
        if (slot <= state.log.base()) {
            return state.log.base();
        }
        boolean lost = state.repairIsStuck && slot <= state.checkpoint && state.log.state(slot) == RaftLog.UNKNOWN;
        return lost ? slot : -1;
    }
}
