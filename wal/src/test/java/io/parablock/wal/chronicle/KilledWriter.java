package io.parablock.wal.chronicle;

import static io.parablock.wal.TestRecords.append;
import static io.parablock.wal.TestRecords.scan;

import io.parablock.wal.Durability;
import io.parablock.wal.TestRecords.Recorder;
import io.parablock.wal.segment.WalConfig;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Random;

/** A process that appends until it is killed, and prints each slot that the log has called durable. */
final class KilledWriter {
    private KilledWriter() {}

    static WalConfig config(Path directory, Durability durability) {
        return WalConfig.of(directory, 42)
                .withDurability(durability)
                .withSegmentBytes(256 << 10)
                .withRecordBytesMax(64 << 10);
    }

    public static void main(String[] args) {
        PrintStream out = System.out;
        ChronicleWal wal = ChronicleWal.open(
                config(Path.of(args[0]), Durability.valueOf(args[1])), slot -> out.println("durable " + slot));
        Recorder recorder = scan(wal);
        long slot = recorder.slots(1).stream().mapToLong(each -> each + 1).max().orElse(0);
        Random random = new Random(slot);
        while (true) {
            for (int left = 1 + random.nextInt(4); left > 0; left--) {
                append(wal, 1, slot++, random.nextInt(20_000));
            }
            wal.submit();
        }
    }
}
