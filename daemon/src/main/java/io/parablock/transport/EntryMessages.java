package io.parablock.transport;

import io.parablock.raft.log.Entry;
import io.parablock.raft.message.Message;
import java.util.List;

/** Messages that carry entries, and how they are made smaller. */
final class EntryMessages {
    private EntryMessages() {}

    private static List<Entry> entriesOf(Message m) {
        return m instanceof Message.Append a ? a.entries() : m instanceof Message.Entries e ? e.entries() : List.of();
    }

    static int count(Message m) {
        return entriesOf(m).size();
    }

    /** Of the first entry, or 0 without one. */
    static long firstSlot(Message m) {
        List<Entry> entries = entriesOf(m);
        return entries.isEmpty() ? 0 : entries.get(0).slot();
    }

    /** Of the last entry, or 0 without one. */
    static long lastSlot(Message m) {
        List<Entry> entries = entriesOf(m);
        return entries.isEmpty() ? 0 : entries.get(entries.size() - 1).slot();
    }

    /** The look-behind buffer is addressed by slot: both halves of an Append may carry all of it (protocol.md §4). */
    static List<Message> halves(Message m) {
        if (m instanceof Message.Append a) {
            int half = a.entries().size() / 2;
            return List.of(part(a, 0, half), part(a, half, a.entries().size()));
        }
        List<Entry> entries = ((Message.Entries) m).entries();
        int half = entries.size() / 2;
        return List.of(
                new Message.Entries(m.term(), entries.subList(0, half)),
                new Message.Entries(m.term(), entries.subList(half, entries.size())));
    }

    private static Message part(Message.Append a, int from, int to) {
        return new Message.Append(
                a.term(), a.entries().subList(from, to), a.lookBehindFirst(), a.lookBehind(), a.round(), a.commit());
    }
}
