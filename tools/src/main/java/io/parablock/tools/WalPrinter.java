package io.parablock.tools;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.wal.DamagedRecord;
import io.parablock.wal.WalRecord;
import io.parablock.wal.segment.ListedSegment;
import io.parablock.wal.segment.SegmentVisitor;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** Prints what an inspection of a log finds. A damage without a name may be of any group and is always shown. */
final class WalPrinter implements SegmentVisitor {
    private static final int PAYLOAD_BYTES_MAX = 64;

    private final PrintWriter out;
    private final @Nullable Integer group;
    private final @Nullable SlotRange slots;
    private final @Nullable Long term;
    private final boolean withPayload;
    private final boolean asJson;
    private final WalTally tally = new WalTally();
    private long shown;

    /** Each filter may be null: everything then passes it. */
    WalPrinter(
            PrintWriter out,
            @Nullable Integer group,
            @Nullable SlotRange slots,
            @Nullable Long term,
            boolean withPayload,
            boolean asJson) {
        this.out = out;
        this.group = group;
        this.slots = slots;
        this.term = term;
        this.withPayload = withPayload;
        this.asJson = asJson;
    }

    @Override
    public void onSegment(ListedSegment segment) {
        tally.add(segment);
        out.println(asJson ? WalJson.of(segment) : WalLine.of(segment));
        if (out.checkError()) {
            throw new CommandFailure("the output was closed"); // as by head: there is no point in reading on
        }
    }

    @Override
    public void onRecord(long position, WalRecord record, ByteBuffer payload) {
        tally.addRecord();
        if (!passes(record.groupId(), record.slot(), record.origin())) {
            return;
        }
        shown++;
        boolean payloadToo = withPayload && payload.hasRemaining();
        if (asJson) {
            ObjectNode json = WalJson.of(position, record);
            out.println(payloadToo ? json.put("bytes", firstBytes(payload)) : json);
            return;
        }
        String line = WalLine.place(position) + " " + WalLine.of(record);
        out.println(payloadToo ? line + " bytes=" + firstBytes(payload) : line);
    }

    @Override
    public void onDamaged(long position, DamagedRecord what) {
        tally.add(what);
        if (!what.identified() || passes(what.groupId(), what.slot(), what.origin())) {
            out.println(asJson ? WalJson.of(position, what) : WalLine.place(position) + " DAMAGED " + WalLine.of(what));
        }
    }

    private boolean passes(int ofGroup, long slot, long origin) {
        return (group == null || group == ofGroup)
                && (slots == null || slots.contains(slot))
                && (term == null || term == origin);
    }

    private static String firstBytes(ByteBuffer payload) {
        byte[] first = new byte[Math.min(PAYLOAD_BYTES_MAX, payload.remaining())];
        payload.duplicate().get(first);
        return HexFormat.of().formatHex(first);
    }

    ObjectNode summaryJson() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("type", "summary")
                .put("records", tally.records())
                .put("file_bytes", tally.fileBytes())
                .put("shown", shown)
                .put("damaged", tally.serious())
                .put("torn", tally.torn());
    }

    String summary() {
        return tally.sizes() + ", " + shown + " shown, " + tally.damages();
    }
}
