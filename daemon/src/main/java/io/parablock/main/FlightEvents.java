package io.parablock.main;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/**
 * What a recording of JDK Flight Recorder has of Parablock. A write's are off unless a recording asks for them, and cost nothing
 * then. Of each group one record is looked at at a time, in the log and in the block store.
 */
final class FlightEvents {
    private static final String CATEGORY = "Parablock";

    private FlightEvents() {}

    /** {@code parablock.LogWrite}: from the append of a record to the own log until it is durable. */
    @Name("parablock.LogWrite")
    @Label("Log Write")
    @Description("From the append of a record to the own log until it is durable")
    @Category(CATEGORY)
    @StackTrace(false)
    @Enabled(false)
    static final class LogWrite extends Event {
        @Label("Group")
        int group;

        @Label("Slot")
        long slot;

        @Label("Payload")
        @DataAmount
        long bytes;

        /** @return null if nobody records it */
        static @Nullable LogWrite begin(int group, long slot, long bytes) {
            LogWrite e = new LogWrite();
            if (!e.isEnabled()) {
                return null;
            }
            e.group = group;
            e.slot = slot;
            e.bytes = bytes;
            e.begin();
            return e;
        }
    }

    /** {@code parablock.Apply}: from a committed record's turn until it is in the block store's page cache. */
    @Name("parablock.Apply")
    @Label("Apply")
    @Description("From a committed record's turn until it is in the block store's page cache")
    @Category(CATEGORY)
    @StackTrace(false)
    @Enabled(false)
    static final class Apply extends Event {
        @Label("Group")
        int group;

        @Label("Slot")
        long slot;

        @Label("Payload")
        @DataAmount
        long bytes;

        /** @return null if nobody records it */
        static @Nullable Apply begin(int group, long slot, long bytes) {
            Apply e = new Apply();
            if (!e.isEnabled()) {
                return null;
            }
            e.group = group;
            e.slot = slot;
            e.bytes = bytes;
            e.begin();
            return e;
        }
    }

    /** {@code parablock.Election}: from when this process knew of no leader of a group until it knew of one. */
    @Name("parablock.Election")
    @Label("Election")
    @Description("From when this process knew of no leader of a group until it knew of one that takes requests")
    @Category(CATEGORY)
    @StackTrace(false)
    static final class Election extends Event {
        @Label("Group")
        int group;

        @Label("Leader")
        int leader;

        @Label("Term")
        long term;
    }
}
