package io.parablock.main;

import io.parablock.events.EventKind;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What kind of event a replica's line is. The replica and its core know of no kinds, they tell lines; ReplicaLinesTest reads
 * their sources and fails for a line that is not here.
 */
final class ReplicaLines {
    /** @param fields those that the line tells, by their names */
    record Told(EventKind kind, Map<String, Object> fields) {}

    /** Why a node stands for election: it has heard of no leader for an election timeout. */
    static final String TIMEOUT = "heartbeat timeout";

    /** The leader asked it to. */
    static final String TRANSFER = "transfer";

    private static final int DIGITS_MAX = 18;
    private static final String REASON = "reason";

    /**
     * @param fields of the kind, in the order of the pattern's groups
     * @param reason what no group of the pattern tells, the line itself does; empty for nothing
     */
    private record Line(Pattern pattern, EventKind kind, List<String> fields, String reason) {}

    private static final List<Line> LINES = List.of(
            line(
                    EventKind.ELECTION_OVER_EVERY_VOTER,
                    "campaigning in term (\\d+) \\(accepted term (\\d+), contiguous prefix (\\d+).*over every voter",
                    "term accepted_term contiguous_slot"),
            line(
                    EventKind.ELECTION_BEGUN,
                    "campaigning in term (\\d+) \\(accepted term (\\d+), contiguous prefix (\\d+), asked by the leader\\)",
                    "term accepted_term contiguous_slot",
                    TRANSFER),
            line(
                    EventKind.ELECTION_BEGUN,
                    "campaigning in term (\\d+) \\(accepted term (\\d+), contiguous prefix (\\d+)\\)",
                    "term accepted_term contiguous_slot",
                    TIMEOUT),
            line(EventKind.MERGE_FINISHED, "leading term (\\d+), merged log up to slot (\\d+)", "term merged_slot"),
            line(EventKind.MERGE_GIVEN_UP, "giving up term (\\d+): (.+)", "term reason"),
            line(EventKind.LEADERSHIP_LOST, "stepping down: (.+)", "reason"),
            line(EventKind.HANDOVER_BEGUN, "handing term (\\d+) over to node (\\d+)", "term to"),
            line(EventKind.HANDOVER_FAILED, "node (\\d+) did not take over in time: term (\\d+)", "to term"),
            line(
                    EventKind.INSTALL_NEEDED,
                    "slot (\\d+) is gone from the leader's log \\(base (\\d+)\\)",
                    "slot leader_log_base"),
            line(
                    EventKind.INSTALL_SEND_BEGUN,
                    "install (\\d+) of node (\\d+) begins: base slot (\\d+), (\\d+) bytes",
                    "install to base_slot bytes"),
            line(
                    EventKind.INSTALL_SEND_ABORTED,
                    "install (\\d+) of node (\\d+) aborted after (\\d+) of (\\d+) bytes: (.+)",
                    "install to done_bytes total_bytes reason"),
            line(
                    EventKind.INSTALL_SEND_FINISHED,
                    "install (\\d+) of node (\\d+) complete: (\\d+) bytes, store readable there from slot (\\d+)",
                    "install to bytes readable_from_slot"),
            line(
                    EventKind.INSTALL_INTERRUPTED,
                    "install (\\d+) ends unfinished at (\\d+) of (\\d+) bytes",
                    "install done_bytes total_bytes"),
            line(
                    EventKind.INSTALL_BEGUN,
                    "install (\\d+) begins: base slot (\\d+), (\\d+) bytes",
                    "install base_slot bytes"),
            line(
                    EventKind.INSTALL_REFUSED,
                    "install refused: the leader's block store has (\\d+) bytes, this one (\\d+)",
                    "leader_bytes own_bytes"),
            line(
                    EventKind.INSTALL_FINISHED,
                    "install complete: store at slot (\\d+), readable from slot (\\d+)",
                    "store_slot readable_from_slot"),
            line(EventKind.AMNESIA, "this replica's log (may lack acknowledged entries)", "reason"),
            line(EventKind.AMNESIA, "(.+); this replica neither votes nor acknowledges until the leader", "reason"),
            line(EventKind.STATE_LOST, "(META or SYNCREC is lost)", "reason"),
            line(EventKind.STATE_LOST, "(.+); this replica neither votes nor acknowledges and must rejoin", "reason"),
            line(
                    EventKind.CURE_BEGUN,
                    "the cure begins: the leader, node (\\d+), has assigned slots up to (\\d+), held here up to (\\d+)",
                    "leader to_slot held_slot"),
            line(EventKind.CURED, "cured of amnesia: every slot up to (\\d+) is held", "to_slot"),
            line(EventKind.PEER_AMNESIA, "node (\\d+) has amnesia: .* gets every slot up to (\\d+)", "peer to_slot"),
            line(EventKind.ENTRIES_REFUSED, "entries of node (\\d+) refused", "from"),
            line(EventKind.SESSION_EXPIRED, "session (\\d+) expires", "session"),
            line(EventKind.MEMBER_CHANGE_BEGUN, "slot (\\d+) changes the members to (.+)", "slot members"),
            line(EventKind.DISK_KEPT, "the disk of node (\\d+) is not given up: (.+)", "node reason"),
            line(EventKind.RECORD_DAMAGED, "the record of slot (\\d+) is unreadable", "slot"),
            line(EventKind.RECORD_DAMAGED, "the record of slot (\\d+) in the log is damaged", "slot"),
            line(EventKind.RECORD_DAMAGED, "slot (\\d+) is damaged in the WAL", "slot"),
            line(
                    EventKind.BLOCKS_DAMAGED,
                    "(\\d+) bytes of the block store are damaged, at (.+); they are fetched",
                    "bytes ranges"),
            line(
                    EventKind.BLOCKS_LOST,
                    "the sector at byte (\\d+) of the block store is damaged on every node",
                    "offset_bytes"),
            line(EventKind.STATE_DAMAGED, "(\\d+) of (\\d+) copies of (\\w+) was damaged", "copies of part"),
            line(EventKind.STATE_COPIES_LOST, "(\\w+) was damaged in every copy", "part"),
            line(EventKind.BLOCKS_RECHECKED, "blocks of the store were damaged when it was last in use", ""),
            line(EventKind.BLOCKS_MENDED, "no damaged block is left in the store", ""),
            line(EventKind.STORE_ADOPTED, "the block store was adopted as it is", ""),
            line(EventKind.DAMAGE_UNPINNED, "the log has grown past (\\d+) slots", "slots"),
            line(EventKind.READ_FAILED, "a read at (\\d+) failed: (.+)", "offset_bytes reason"));

    private ReplicaLines() {}

    private static Line line(EventKind kind, String pattern, String fields) {
        return line(kind, pattern, fields, "");
    }

    private static Line line(EventKind kind, String pattern, String fields, String reason) {
        List<String> names = fields.isEmpty() ? List.of() : List.of(fields.split(" "));
        if (!kind.fields().containsAll(names)) {
            throw new AssertionError(kind + " has no such fields: " + fields);
        }
        return new Line(Pattern.compile(pattern), kind, names, reason);
    }

    /** {@link EventKind#REPLICA_NOTE} if it is none that is known. */
    static Told of(String line) {
        for (Line l : LINES) {
            Matcher m = l.pattern.matcher(line);
            if (m.lookingAt()) {
                Map<String, Object> fields = new LinkedHashMap<>();
                for (String name : l.kind.fields()) {
                    int at = l.fields.indexOf(name);
                    if (at >= 0) {
                        fields.put(name, value(m.group(at + 1)));
                    } else if (name.equals(REASON) && !l.reason.isEmpty()) {
                        fields.put(name, l.reason);
                    }
                }
                return new Told(l.kind, fields);
            }
        }
        return new Told(EventKind.REPLICA_NOTE, Map.of());
    }

    private static Object value(String text) {
        boolean number = text.length() <= DIGITS_MAX && text.chars().allMatch(c -> c >= '0' && c <= '9');
        return number ? Long.valueOf(text) : text;
    }
}
