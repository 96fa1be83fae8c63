package io.parablock.simulator.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.blockdev.store.DamagedBlocksException;
import io.parablock.simulator.NodeStorage;
import io.parablock.wal.DamagedRecord;
import io.parablock.wal.Durability;
import io.parablock.wal.RecordChecksum;
import io.parablock.wal.WalFullException;
import io.parablock.wal.WalRecord;
import io.parablock.wal.WalVisitor;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A node's log, state and store together, as a replica uses them. */
class SectorNodeStorageTest {
    private static final int GROUP = 1;
    private static final int BLOCK_BYTES = 4096;
    private static final int BLOCKS = 16;
    private static final int SEEDS = 100;

    private static SectorNodeStorage.Config config(int sectorBytes) {
        return SectorNodeStorage.Config.tiny(Durability.FSYNC, BLOCKS * BLOCK_BYTES)
                .withSectorBytes(sectorBytes);
    }

    /** Appends, applies in order what is durable, checkpoints and truncates: a replica of one node. */
    private static final class Node {
        final Random random;
        final SectorNodeStorage storage;

        /** What each acknowledged slot wrote: {block, fill}. Later slots may or may not have survived a crash. */
        final TreeMap<Long, int[]> written = new TreeMap<>();

        final Set<Long> acknowledged = new HashSet<>();
        NodeStorage.Ports ports;
        long nextSlot = 1;
        long applied;

        Node(long seed, int sectorBytes) {
            random = new Random(seed);
            storage = new SectorNodeStorage(1, seed, config(sectorBytes), new FaultAtlas(3));
        }

        /** Opens, replays in slot order from the checkpoint, and compares with the model. */
        void boot(String as) {
            ports = storage.open(acknowledged::add);
            byte[] checkpoint = ports.state().loadCheckpoint();
            long base = checkpoint == null ? 0 : ByteBuffer.wrap(checkpoint).getLong();
            TreeMap<Long, int[]> found = new TreeMap<>();
            ports.wal().scan(new WalVisitor() {
                @Override
                public void onRecord(long position, WalRecord record, ByteBuffer payload) {
                    assertThat(payload.get(0)).isEqualTo(payload.get(payload.limit() - 1));
                    found.put(record.slot(), new int[] {(int) (record.offsetBytes() / BLOCK_BYTES), payload.get(0)});
                }

                @Override
                public void onDamaged(long position, DamagedRecord what) {
                    assertThat(what.belowDurable()).as(as).isFalse();
                }
            });
            assertThat(found.keySet())
                    .as(as)
                    .containsAll(
                            acknowledged.stream().filter(slot -> slot > base).toList());
            found.headMap(base, true).clear();
            written.tailMap(base, false).clear();
            written.putAll(found);
            found.forEach((slot, write) -> write(write));
            applied = written.isEmpty() ? base : Math.max(base, written.lastKey());
            nextSlot = Math.max(nextSlot, applied + 1);
            acknowledged.addAll(found.keySet());
            byte[] model = new byte[BLOCKS * BLOCK_BYTES];
            written.values()
                    .forEach(write ->
                            Arrays.fill(model, write[0] * BLOCK_BYTES, (write[0] + 1) * BLOCK_BYTES, (byte) write[1]));
            ByteBuffer content = ByteBuffer.allocate(model.length);
            ports.store().read(0, content);
            assertThat(content.array()).as(as).isEqualTo(model);
        }

        void write(int[] write) {
            byte[] content = new byte[BLOCK_BYTES];
            Arrays.fill(content, (byte) write[1]);
            if (write[1] == 0) {
                ports.store().trim((long) write[0] * BLOCK_BYTES, BLOCK_BYTES);
            } else {
                ports.store().write((long) write[0] * BLOCK_BYTES, ByteBuffer.wrap(content));
            }
        }

        void work(int steps) {
            for (int i = 0; i < steps; i++) {
                switch (random.nextInt(8)) {
                    case 0, 1, 2, 3 -> append();
                    case 4, 5 -> {
                        ports.wal().submit();
                        written.tailMap(applied, false).values().forEach(this::write);
                        applied = nextSlot - 1;
                    }
                    case 6 -> ports.wal().submit();
                    default -> checkpoint();
                }
            }
        }

        private void append() {
            int[] write = {random.nextInt(BLOCKS), random.nextInt(100)};
            byte[] payload = new byte[BLOCK_BYTES];
            Arrays.fill(payload, (byte) write[1]);
            ByteBuffer bytes = ByteBuffer.wrap(payload);
            int crc = new RecordChecksum().ofPayload(bytes);
            long slot = nextSlot++;
            ports.wal()
                    .append(
                            new WalRecord(
                                    GROUP,
                                    slot,
                                    1,
                                    (byte) 0,
                                    (long) write[0] * BLOCK_BYTES,
                                    BLOCK_BYTES,
                                    0,
                                    slot,
                                    0,
                                    crc,
                                    BLOCK_BYTES,
                                    WalRecord.NO_DEP),
                            bytes,
                            slot);
            written.put(slot, write);
        }

        private void checkpoint() {
            long slot = applied;
            ports.store().fsync();
            ports.state().saveCheckpoint(ByteBuffer.allocate(8).putLong(0, slot).array());
            ports.wal().truncate(GROUP, slot);
        }
    }

    @ParameterizedTest
    @CsvSource({"512", "4096"})
    void shouldHoldEveryAcknowledgedWriteOverCrashesAtAnyStep(int sectorBytes) {
        for (long seed = 0; seed < SEEDS; seed++) {
            Node node = new Node(seed, sectorBytes);
            for (int boot = 0; boot < 6; boot++) {
                node.storage.disk().crashAfter(node.random.nextBoolean() ? node.random.nextInt(200) : -1);
                try {
                    node.boot("seed " + seed + " boot " + boot);
                    node.work(node.random.nextInt(60));
                } catch (SimulatedCrash crash) {
                    // Anywhere, opening included.
                }
                if (node.random.nextBoolean()) {
                    node.storage.powerLoss();
                } else {
                    node.storage.kill();
                }
            }
        }
    }

    @Test
    void shouldDoTheSameForTheSameSeed() {
        for (long seed = 0; seed < 10; seed++) {
            assertThat(history(seed)).isEqualTo(history(seed));
        }
    }

    private static String history(long seed) {
        Node node = new Node(seed, 512);
        node.storage.disk().faults(new DiskFaults(100_000, 0, 0, 5_000, 5_000));
        StringBuilder history = new StringBuilder();
        for (int boot = 0; boot < 4; boot++) {
            node.ports = node.storage.open(slot -> {});
            node.ports.wal().scan(new WalVisitor() {
                @Override
                public void onRecord(long position, WalRecord record, ByteBuffer payload) {
                    history.append(position).append(record);
                }

                @Override
                public void onDamaged(long position, DamagedRecord what) {
                    history.append(position).append(what);
                }
            });
            node.work(40);
            history.append(node.storage.disk().rotSomewhere())
                    .append(node.storage.disk().steps());
            node.storage.powerLoss();
        }
        return history.toString();
    }

    @Test
    void shouldRefuseWritesOfLogBeforeTheDiskIsFullAndGoOnAfterTruncation() {
        Node node = new Node(1, 4096);
        node.boot("first");
        node.append();
        node.ports.wal().submit();
        node.storage.disk().fill(SectorNodeStorage.RESERVE_BYTES);
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 100; i++) {
                        node.append();
                    }
                })
                .isInstanceOf(WalFullException.class);
        node.storage.disk().fill(-1);
        node.append();
        node.ports.wal().submit();
        assertThat(node.acknowledged).contains(1L, node.nextSlot - 1);
    }

    @Test
    void shouldTellReadErrorOfStoreAndReadAgainAfterRewrite() {
        Node node = new Node(1, 4096);
        node.boot("first");
        node.write(new int[] {3, 7});
        node.ports.store().fsync();
        assertThat(node.storage.disk().rot(SectorNodeStorage.STORE, 3 * BLOCK_BYTES))
                .as("nobody could tell")
                .isNull();
        assertThat(node.storage.disk().breakSector(SectorNodeStorage.STORE, 3 * BLOCK_BYTES))
                .isTrue();
        ByteBuffer into = ByteBuffer.allocate(BLOCK_BYTES);
        assertThatThrownBy(() -> node.ports.store().read(3 * BLOCK_BYTES, into))
                .isInstanceOf(DamagedBlocksException.class);
        node.write(new int[] {3, 8});
        node.ports.store().read(3 * BLOCK_BYTES, into.clear());
        assertThat(into.get(0)).isEqualTo((byte) 8);
    }

    @Test
    void shouldBeEmptyAfterWipe() {
        Node node = new Node(1, 4096);
        node.boot("first");
        node.append();
        node.ports.wal().submit();
        node.ports.state().saveMeta(new byte[] {1});
        node.storage.wipe();
        node.acknowledged.clear();
        node.written.clear();
        node.boot("after the wipe");
        assertThat(node.ports.state().loadMeta()).isNull();
        assertThat(node.written).isEmpty();
    }
}
