package io.parablock.tools;

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
    private final WalTally tally = new WalTally();
    private long shown;

    /** Each filter may be null: everything then passes it. */
    WalPrinter(
            PrintWriter out,
            @Nullable Integer group,
            @Nullable SlotRange slots,
            @Nullable Long term,
            boolean withPayload) {
        this.out = out;
        this.group = group;
        this.slots = slots;
        this.term = term;
        this.withPayload = withPayload;
    }

    @Override
    public void onSegment(ListedSegment segment) {
        tally.add(segment);
        out.println(WalLine.of(segment));
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
        String line = WalLine.place(position) + " " + WalLine.of(record);
        out.println(withPayload && payload.hasRemaining() ? line + " bytes=" + firstBytes(payload) : line);
    }

    @Override
    public void onDamaged(long position, DamagedRecord what) {
        tally.add(what);
        if (!what.identified() || passes(what.groupId(), what.slot(), what.origin())) {
            out.println(WalLine.place(position) + " DAMAGED " + WalLine.of(what));
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

    String summary() {
        return tally.sizes() + ", " + shown + " shown, " + tally.damages();
    }
}
