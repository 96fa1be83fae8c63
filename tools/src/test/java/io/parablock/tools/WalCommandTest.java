package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.parablock.raft.log.EntryKind;
import io.parablock.wal.RecordChecksum;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.WalRecord;
import io.parablock.wal.direct.DirectConfig;
import io.parablock.wal.direct.DirectWal;
import io.parablock.wal.segment.SegmentManifest;
import io.parablock.wal.segment.WalConfig;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WalCommandTest {
    private static final long CLUSTER_ID = 42;
    private static final int RECORDS = 60;
    private static final int PAYLOAD_BYTES = 4096;

    /** A node's data directory: the log is the folder wal in it. */
    @TempDir
    Path dataDir;

    private Path wal() {
        return dataDir.resolve("wal");
    }

    private WalConfig config() {
        return WalConfig.of(wal(), CLUSTER_ID)
                .withSegmentBytes(64 << 10)
                .withRecordBytesMax(32 << 10)
                .withReserveBytes(0);
    }

    private DirectWal open() {
        return DirectWal.open(config(), new DirectConfig(4, 16 << 10), token -> {});
    }

    /** Groups take turns; the term changes half way. The positions by slot. */
    private List<Long> write() {
        List<Long> positions = new ArrayList<>();
        try (DirectWal wal = open()) {
            for (int slot = 0; slot < RECORDS; slot++) {
                positions.add(append(wal, slot));
                wal.submit();
            }
        }
        return positions;
    }

    private static long append(DirectWal wal, int slot) {
        byte[] payload = new byte[PAYLOAD_BYTES];
        Arrays.fill(payload, (byte) (slot + 1));
        int crc = new RecordChecksum().ofPayload(ByteBuffer.wrap(payload));
        long[] dep = slot == 8 ? new long[] {0b1101_0101} : WalRecord.NO_DEP;
        byte kind = slot == 9 ? 77 : EntryKind.WRITE.code();
        WalRecord record = new WalRecord(
                slot % 2,
                slot,
                slot < RECORDS / 2 ? 3 : 5,
                kind,
                slot * 4096L,
                4096,
                11,
                slot,
                0,
                crc,
                PAYLOAD_BYTES,
                dep);
        return wal.append(record, ByteBuffer.wrap(payload), slot);
    }

    private void overwrite(long position, int relativeBytes, byte[] bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(fileOf(position), StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(bytes), RecordDescriptor.offsetBytes(position) + relativeBytes);
        }
    }

    private Path fileOf(long position) throws IOException {
        String name = String.format("%010d.wal", RecordDescriptor.segmentId(position));
        try (Stream<Path> files = Files.walk(wal())) {
            return files.filter(file -> file.endsWith(name)).findFirst().orElseThrow();
        }
    }

    /** As a killed process leaves it. */
    private void unseal() throws IOException {
        SegmentManifest manifest = SegmentManifest.load(wal(), CLUSTER_ID);
        assertThat(manifest).isNotNull();
        for (SegmentManifest.Entry entry : manifest.entries()) {
            manifest.seal(entry.segmentId(), SegmentManifest.UNSEALED);
        }
    }

    /** The last write as a power loss leaves it: one sector of it never reached the disk. */
    private void tear(long position) throws IOException {
        Path file = fileOf(position);
        byte[] fill = new byte[512];
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            channel.read(ByteBuffer.wrap(fill), channel.size() - fill.length);
        }
        overwrite(position, 1024, fill);
    }

    @Test
    void shouldPrintEveryRecordOnALine() {
        List<Long> positions = write();
        Answer answer = run("wal", "dump", dataDir.toString());
        assertThat(answer.exitCode).isZero();
        assertThat(answer.err).isEmpty();
        assertThat(answer.lines())
                .first()
                .asString()
                .matches("segment 1: run-0000000001/0000000001.wal, \\d+ bytes, " + "sealed with \\d+ records");
        assertThat(answer.lines().stream().filter(line -> line.contains(" kind=")))
                .hasSize(RECORDS);
        assertThat(answer.lines())
                .contains(place(positions.get(8))
                        + " group=0 slot=8 origin=3 kind=WRITE extent=32768+4096 session=11/8 payload=4096 crc="
                        + crcOf(9) + " dep=0..1,3,5,7");
        assertThat(answer.lines()).anyMatch(line -> line.contains("slot=9 origin=3 kind=77 "));
        assertThat(answer.last()).matches("\\d+ segment\\(s\\), 60 record\\(s\\), \\d+ bytes, 60 shown, none damaged");
        // The folder of the log does as well as the one around it.
        assertThat(run("wal", "dump", wal().toString()).out).isEqualTo(answer.out);
    }

    private static String place(long position) {
        return RecordDescriptor.segmentId(position) + ":" + RecordDescriptor.offsetBytes(position);
    }

    private static String crcOf(int filling) {
        byte[] payload = new byte[PAYLOAD_BYTES];
        Arrays.fill(payload, (byte) filling);
        return String.format("%08x", new RecordChecksum().ofPayload(ByteBuffer.wrap(payload)));
    }

    @Test
    void shouldFilterByGroupSlotsAndTerm() {
        write();
        assertThat(slots("--group", "1", "--slots", "10..15")).containsExactly("11", "13", "15");
        assertThat(slots("--slots", "12")).containsExactly("12");
        assertThat(slots("--term", "3")).hasSize(RECORDS / 2).last().isEqualTo("29");
        assertThat(slots("--term", "5", "--slots", "28..31")).containsExactly("30", "31");
        assertThat(slots("--group", "7")).isEmpty();
    }

    private List<String> slots(String... options) {
        List<String> arguments = new ArrayList<>(List.of("wal", "dump", wal().toString()));
        arguments.addAll(List.of(options));
        Answer answer = run(arguments.toArray(new String[0]));
        assertThat(answer.exitCode).isZero();
        List<String> slots = answer.lines().stream()
                .filter(line -> line.contains(" kind="))
                .map(line -> line.replaceAll(".* slot=(\\d+) .*", "$1"))
                .toList();
        assertThat(answer.last()).contains(" 60 record(s)").contains(" " + slots.size() + " shown");
        return slots;
    }

    @Test
    void shouldPrintTheBeginningOfPayloads() {
        write();
        Answer answer = run("wal", "dump", wal().toString(), "--slots", "3", "--payload");
        assertThat(answer.out).contains(" bytes=" + "04".repeat(64) + System.lineSeparator());
    }

    @Test
    void shouldMarkWhatIsDamaged() throws IOException {
        List<Long> positions = write();
        overwrite(positions.get(4), 1000, new byte[] {0});
        overwrite(positions.get(20), RecordDescriptor.SLOT_OFFSET, new byte[] {-1});
        Answer answer = run("wal", "dump", dataDir.toString(), "--group", "1");
        assertThat(answer.exitCode).isZero();
        // Slot 4 is another group's; what has lost its name may be of this one.
        assertThat(answer.lines().stream().filter(line -> line.contains("DAMAGED")))
                .hasSize(1)
                .allMatch(line -> line.contains(" DAMAGED corrupt, 1 record(s) at least: "));
        assertThat(run("wal", "dump", dataDir.toString()).lines())
                .contains(place(positions.get(4)) + " DAMAGED corrupt, group=0 slot=4 origin=3: payload CRC");
        assertThat(answer.last()).endsWith("2 damaged (2 corrupt)");
    }

    @Test
    void shouldDumpAndVerifyForScripts() throws IOException {
        List<Long> positions = write();
        overwrite(positions.get(4), 1000, new byte[] {0});
        Answer dump = run("wal", "dump", dataDir.toString(), "--json");
        ObjectMapper json = new ObjectMapper();
        List<JsonNode> lines = new ArrayList<>();
        for (String line : dump.lines()) {
            lines.add(json.readTree(line));
        }
        assertThat(lines.get(0).path("type").asText()).isEqualTo("segment");
        assertThat(lines.stream().filter(l -> l.path("type").asText().equals("record")))
                .hasSize(RECORDS - 1)
                .anyMatch(l ->
                        l.path("slot").asInt() == 8 && l.path("dep").asText().equals("0..1,3,5,7"));
        assertThat(lines.stream().filter(l -> l.path("type").asText().equals("damaged")))
                .singleElement()
                .matches(l -> l.path("verdict").asText().equals("corrupt")
                        && l.path("slot").asInt() == 4);
        assertThat(lines.get(lines.size() - 1).path("damaged").asInt()).isOne();
        Answer verify = run("wal", "verify", dataDir.toString(), "--json");
        assertThat(verify.exitCode).isOne();
        assertThat(json.readTree(verify.out).path("sound").asBoolean()).isFalse();
        assertThat(json.readTree(verify.out).path("first_damage").asText()).contains("payload CRC");
    }

    @Test
    void shouldVerifyASoundLog() {
        write();
        Answer answer = run("wal", "verify", dataDir.toString());
        assertThat(answer.exitCode).isZero();
        assertThat(answer.out.strip())
                .matches("sound: \\d+ segment\\(s\\), 60 record\\(s\\), \\d+ bytes in \\d+\\.\\d\\d s, \\d+ MB/s");
    }

    @Test
    void shouldNameTheFirstDamageAndCountTheOthers() throws IOException {
        List<Long> positions = write();
        overwrite(positions.get(4), 1000, new byte[] {0});
        overwrite(positions.get(20), RecordDescriptor.SLOT_OFFSET, new byte[] {-1});
        overwrite(positions.get(40), 1000, new byte[] {0});
        Answer answer = run("wal", "verify", dataDir.toString());
        assertThat(answer.exitCode).isEqualTo(1);
        assertThat(answer.lines()).hasSize(2);
        assertThat(answer.lines().get(0))
                .isEqualTo("first damage: run-0000000001/0000000001.wal at "
                        + RecordDescriptor.offsetBytes(positions.get(4))
                        + ": corrupt, group=0 slot=4 origin=3: payload CRC");
        assertThat(answer.last()).startsWith("damaged: ").endsWith("3 damaged (3 corrupt)");
    }

    @Test
    void shouldForgiveATornTailAndNothingElse() throws IOException {
        List<Long> positions = write();
        unseal();
        tear(positions.get(RECORDS - 1));
        Answer torn = run("wal", "verify", dataDir.toString());
        assertThat(torn.exitCode).isZero();
        assertThat(torn.lines()).hasSize(1);
        assertThat(torn.out)
                .startsWith("sound but for 1 torn, ")
                .contains("torn, group=1 slot=59 origin=5: its write did not complete");
        // Bytes of another record's payload, not of a sector that was never written: that proves nothing.
        overwrite(positions.get(RECORDS - 1), 1024, new byte[512]);
        Answer unknown = run("wal", "verify", dataDir.toString());
        assertThat(unknown.exitCode).isEqualTo(1);
        assertThat(unknown.lines().get(0)).contains("unknown, group=1 slot=59 origin=5");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldTakeALostManifestForDamage(boolean deleted) throws IOException {
        write();
        Path manifest = wal().resolve(SegmentManifest.FILE_NAME);
        Files.writeString(manifest, "damaged");
        if (deleted) {
            Files.delete(manifest);
        }
        Answer verified = run("wal", "verify", dataDir.toString());
        assertThat(verified.exitCode).isEqualTo(1);
        assertThat(verified.lines().get(0)).startsWith("first damage: segments: the manifest is ");
        assertThat(verified.last()).contains("60 record(s)").endsWith("none damaged, and the manifest");
        Answer dumped = run("wal", "dump", dataDir.toString());
        assertThat(dumped.lines().get(0)).startsWith("DAMAGED segments: the manifest is ");
        assertThat(dumped.last()).contains(" 60 shown");
    }

    @Test
    void shouldSayThatALogIsInUse() {
        write();
        try (DirectWal wal = open()) {
            append(wal, RECORDS);
            wal.submit();
            Answer verified = run("wal", "verify", dataDir.toString());
            assertThat(verified.exitCode).isEqualTo(1);
            assertThat(verified.out).isEmpty();
            assertThat(verified.err.strip().lines()).hasSize(1);
            assertThat(verified.err).startsWith("parablock: a node has the log in ");
            Answer dumped = run("wal", "dump", dataDir.toString());
            assertThat(dumped.exitCode).isZero();
            assertThat(dumped.lines().get(0)).startsWith("in use: ");
            assertThat(dumped.last()).contains(" 61 record(s)").endsWith("none damaged");
        }
    }

    @Test
    void shouldFailInOneLineWhereThereIsNoLog() {
        for (String command : new String[] {"dump", "verify"}) {
            for (Path dir : new Path[] {dataDir, dataDir.resolve("nowhere")}) {
                Answer answer = run("wal", command, dir.toString());
                assertThat(answer.exitCode).isEqualTo(1);
                assertThat(answer.out).isEmpty();
                assertThat(answer.err).startsWith("parablock: no write-ahead log in " + dir);
                assertThat(answer.err.strip().lines()).hasSize(1);
            }
        }
    }

    private record Answer(int exitCode, String out, String err) {
        List<String> lines() {
            return out.lines().toList();
        }

        String last() {
            return lines().get(lines().size() - 1);
        }
    }

    private static Answer run(String... arguments) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream capturedOut = new ByteArrayOutputStream();
        ByteArrayOutputStream capturedErr = new ByteArrayOutputStream();
        System.setOut(new PrintStream(capturedOut, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(capturedErr, true, StandardCharsets.UTF_8));
        try {
            int exitCode = Parablock.execute(arguments);
            return new Answer(
                    exitCode,
                    capturedOut.toString(StandardCharsets.UTF_8),
                    capturedErr.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }
}
