package io.parablock.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.wal.chronicle.ChronicleWal;
import io.parablock.wal.chronicle.ChronicleWalConfig;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChronicleWalTest extends WalContract {
    @TempDir
    Path dir;

    private Wal openIn(long reserve) {
        return ChronicleWal.open(new ChronicleWalConfig(dir, 42, Durability.FSYNC, 256 << 10, reserve), durable::add);
    }

    @Override
    Wal open() {
        return openIn(0);
    }

    @Override
    Wal reopen() {
        wal.close();
        return open();
    }

    private List<Path> segments() throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.filter(f -> f.toString().endsWith(".cq4")).sorted().toList();
        }
    }

    @Test
    void shouldStartANewFileAtEachOpenAndLeaveTheOldOneAlone() throws IOException {
        append(1, 1, 512);
        wal.submit();
        wal.close();
        byte[] before = Files.readAllBytes(segments().get(0));
        wal = open();
        scanAll(wal);
        append(1, 2, 512);
        wal.submit();
        assertThat(segments()).hasSize(2);
        // Chronicle may close the old file with its end mark; what was written stays.
        int end = find(before, payload(1, 512)) + 512;
        assertThat(Arrays.copyOf(Files.readAllBytes(segments().get(0)), end)).isEqualTo(Arrays.copyOf(before, end));
        assertThat(new String(Files.readAllBytes(segments().get(0)), StandardCharsets.ISO_8859_1))
                .doesNotContain(new String(payload(2, 512), StandardCharsets.ISO_8859_1));
    }

    @Test
    void shouldDeleteTruncatedFiles() throws IOException {
        for (int i = 1; i <= 500; i++) {
            append(1, i, 4096);
        }
        wal.submit();
        int files = segments().size();
        wal.truncate(1, 450);
        assertThat(files).isGreaterThan(5);
        assertThat(segments()).hasSizeLessThan(4);
    }

    private int find(byte[] file, byte[] what) {
        outer:
        for (int i = 0; i + what.length <= file.length; i++) {
            for (int k = 0; k < what.length; k++) {
                if (file[i + k] != what[k]) {
                    continue outer;
                }
            }
            return i;
        }
        throw new AssertionError("not in the file");
    }

    private List<DamagedRecord> damageAfterFlip(int offsetFromPayload, List<Long> slots) throws IOException {
        for (int i = 1; i <= 10; i++) {
            append(1, i, 512);
            wal.submit();
        }
        wal.close();
        Path segment = segments().get(0);
        int at = find(Files.readAllBytes(segment), payload(5, 512)) + offsetFromPayload;
        try (RandomAccessFile f = new RandomAccessFile(segment.toFile(), "rw")) {
            f.seek(at);
            int old = f.read();
            f.seek(at);
            f.write(old ^ 0x10);
        }
        wal = open();
        List<DamagedRecord> damaged = new ArrayList<>();
        wal.scan(new WalVisitor() {
            @Override
            public void onRecord(long position, WalRecord record, ByteBuffer payload) {
                slots.add(record.slot());
            }

            @Override
            public void onDamaged(long position, DamagedRecord what) {
                damaged.add(what);
            }
        });
        return damaged;
    }

    @Test
    void shouldNameTheSlotWhosePayloadIsDamagedAndReadOn() throws IOException {
        List<Long> slots = new ArrayList<>();
        List<DamagedRecord> damaged = damageAfterFlip(100, slots);
        assertThat(slots).containsExactly(1L, 2L, 3L, 4L, 6L, 7L, 8L, 9L, 10L);
        assertThat(damaged).singleElement().satisfies(d -> {
            assertThat(d.identityReadable()).isTrue();
            assertThat(d.slot()).isEqualTo(5);
            assertThat(d.belowDurable()).isTrue();
        });
    }

    @Test
    void shouldReportADamagedHeaderAsOnceDurable() throws IOException {
        List<Long> slots = new ArrayList<>();
        List<DamagedRecord> damaged = damageAfterFlip(-RecordDescriptor.HEADER_BYTES + 45, slots);
        assertThat(slots).hasSize(9).doesNotContain(5L);
        assertThat(damaged).singleElement().satisfies(d -> {
            assertThat(d.identityReadable()).isFalse();
            assertThat(d.belowDurable()).isTrue();
        });
    }

    @Test
    void shouldNotLoseSilentlyWhatFollowsAZeroedLength() throws IOException {
        for (int i = 1; i <= 10; i++) {
            append(1, i, 512);
            wal.submit();
        }
        wal.close();
        Path segment = segments().get(0);
        int header = find(Files.readAllBytes(segment), payload(5, 512)) - RecordDescriptor.HEADER_BYTES;
        try (RandomAccessFile f = new RandomAccessFile(segment.toFile(), "rw")) {
            f.seek(header - 4);
            f.writeInt(0);
        }
        wal = open();
        List<Long> slots = new ArrayList<>();
        List<DamagedRecord> damaged = new ArrayList<>();
        wal.scan(new WalVisitor() {
            @Override
            public void onRecord(long position, WalRecord record, ByteBuffer payload) {
                slots.add(record.slot());
            }

            @Override
            public void onDamaged(long position, DamagedRecord what) {
                damaged.add(what);
            }
        });
        assertThat(slots).containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L);
        assertThat(damaged).isEmpty();
        wal.truncate(1, 3);
        assertThat(scanAll(wal))
                .allSatisfy(seen -> wal.read(
                        seen.position(),
                        (position, record, payload) -> assertThat(record.slot()).isEqualTo(seen.slot())));
    }

    @Test
    void shouldRefuseWhenTheReserveWouldBeTouched() {
        wal.close();
        wal = openIn(Long.MAX_VALUE / 4);
        assertThatThrownBy(() -> append(1, 1, 512)).isInstanceOf(WalFullException.class);
        wal.close();
        wal = open();
        append(1, 1, 512);
        wal.submit();
        assertThat(durable).containsExactly(1L);
    }

    @Test
    void shouldRefuseRecordsOfAnotherCluster() {
        append(1, 1, 512);
        wal.submit();
        wal.close();
        wal = ChronicleWal.open(new ChronicleWalConfig(dir, 43, Durability.FSYNC, 256 << 10, 0), durable::add);
        List<String> reasons = new ArrayList<>();
        wal.scan(new WalVisitor() {
            @Override
            public void onRecord(long position, WalRecord record, ByteBuffer payload) {
                throw new AssertionError("read a record of another cluster");
            }

            @Override
            public void onDamaged(long position, DamagedRecord what) {
                reasons.add(what.reason());
            }
        });
        assertThat(reasons).containsExactly("record of another cluster");
    }
}
