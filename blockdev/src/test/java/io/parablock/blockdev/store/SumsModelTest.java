package io.parablock.blockdev.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A store under a writer, checkpoints, readers and a scrub at once, against an array of bytes. */
@Tag("one-jdk")
class SumsModelTest {
    /** Neither whole pages of sums nor whole pages of blocks; more than two ranges that are punched. */
    private static final int SIZE = (20 << 20) + 512 * 5;

    private static final int STEPS = 2000;
    /** Long enough for the checksums of the range to be punched. */
    private static final int LONG_BYTES = 9 << 20;

    @TempDir
    Path dir;

    private record Step(long offset, int length, long seed) {
        static Step random(Random random) {
            boolean isLong = random.nextInt(60) == 0;
            int sectors = isLong ? LONG_BYTES / 512 : 1 + random.nextInt(random.nextInt(8) == 0 ? 1100 : 16);
            long sector = random.nextInt(SIZE / 512 - sectors + 1);
            return new Step(sector * 512, sectors * 512, isLong || random.nextInt(4) == 0 ? 0 : random.nextLong() | 1);
        }

        byte[] content() {
            byte[] bytes = new byte[length];
            if (seed != 0) {
                new Random(seed).nextBytes(bytes);
            }
            return bytes;
        }

        void applyTo(BlockStore store) {
            if (seed == 0) {
                store.trim(offset, length);
            } else {
                store.write(offset, ByteBuffer.wrap(content()));
            }
        }

        void applyTo(byte[] model) {
            System.arraycopy(content(), 0, model, (int) offset, length);
        }
    }

    private Path chunk(String name) {
        return dir.resolve(name);
    }

    private void copy(String from, String to) throws IOException {
        for (String suffix : new String[] {"", ".sums"}) {
            Files.copy(chunk(from + suffix), chunk(to + suffix), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static void requireEqual(BlockStore store, byte[] model, String as) {
        assertThat(store.verify(0, SIZE)).as(as).isEmpty();
        ByteBuffer into = ByteBuffer.allocate(SIZE);
        store.read(0, into);
        assertThat(Arrays.mismatch(into.array(), model)).as(as).isEqualTo(-1);
    }

    /** Reads and verifies whatever comes, as clients and the scrub do. */
    private final class Readers {
        private final AtomicReference<FileBlockStore> store = new AtomicReference<>();
        private final AtomicReference<Throwable> failure = new AtomicReference<>();
        private final AtomicBoolean stop = new AtomicBoolean();
        private final AtomicLong done = new AtomicLong();
        private final ReadWriteLock reopening = new ReentrantReadWriteLock();
        private final List<Thread> threads = new ArrayList<>();

        Readers(FileBlockStore first) {
            store.set(first);
            for (int i = 0; i < 2; i++) {
                Random random = new Random(i);
                boolean verifies = i == 0;
                Thread thread = new Thread(() -> run(random, verifies));
                thread.setUncaughtExceptionHandler((t, e) -> failure.compareAndSet(null, e));
                threads.add(thread);
                thread.start();
            }
        }

        private void run(Random random, boolean verifies) {
            while (!stop.get()) {
                int length = (1 + random.nextInt(300)) * 512;
                long offset = random.nextInt((SIZE - length) / 512) * 512L;
                reopening.readLock().lock();
                try {
                    if (verifies) {
                        assertThat(store.get().verify(offset, length)).isEmpty();
                    } else {
                        store.get().read(offset, ByteBuffer.allocate(length));
                    }
                } finally {
                    reopening.readLock().unlock();
                }
                done.incrementAndGet();
            }
        }

        /** Nobody reads meanwhile. */
        FileBlockStore reopen(SumsMemory memory) {
            reopening.writeLock().lock();
            try {
                store.get().close();
                assertThat(memory.usedBytes()).isZero();
                FileBlockStore next = FileBlockStore.open(chunk("chunk"), SIZE, memory);
                store.set(next);
                return next;
            } finally {
                reopening.writeLock().unlock();
            }
        }

        void end() throws InterruptedException {
            stop.set(true);
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(failure).hasNullValue();
            assertThat(done.get()).isGreaterThan(20);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 1000})
    void shouldEqualItsModelAfterCheckpointsEndsAndKills(int pagesInMemory) throws Exception {
        SumsMemory memory = new SumsMemory((long) pagesInMemory * BlockSumsDescriptor.PAGE_BYTES);
        Random random = new Random(pagesInMemory);
        byte[] model = new byte[SIZE];
        List<Step> steps = new ArrayList<>();
        FileBlockStore store = FileBlockStore.open(chunk("chunk"), SIZE, memory);
        ExecutorService background = Executors.newSingleThreadExecutor();
        CompletableFuture<Void> checkpoint = CompletableFuture.completedFuture(null);
        int durable = 0;
        int underWay = 0;
        long tornBytes = 0;
        Readers readers = new Readers(store);
        try {
            for (int i = 0; i < STEPS; i++) {
                take(Step.random(random), store, model, steps);
                boolean due = random.nextInt(20) == 0;
                if (checkpoint.isDone()) {
                    checkpoint.join();
                    durable = underWay;
                    if (due) {
                        underWay = steps.size();
                        FileBlockStore now = store;
                        checkpoint = CompletableFuture.runAsync(now::fsync, background);
                    }
                }
                if (random.nextInt(300) == 0) {
                    checkpoint.join();
                    store = readers.reopen(memory);
                    durable = underWay = steps.size();
                    requireEqual(store, model, "reopened after step " + i);
                }
                if (random.nextInt(250) == 0) {
                    tornBytes += requireReplay(steps.subList(durable, steps.size()), model, "killed after step " + i);
                }
            }
            checkpoint.join();
            durable = underWay;
            requireEqual(store, model, "at the end");
            // Those before may all have come right after a checkpoint.
            for (int i = 0; i < 50; i++) {
                take(Step.random(random), store, model, steps);
            }
            tornBytes += requireReplay(steps.subList(durable, steps.size()), model, "killed at the end");
        } finally {
            readers.end();
            background.shutdown();
            assertThat(background.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
        }
        store.close();
        assertThat(memory.usedBytes()).isZero();
        if (pagesInMemory == 0) {
            assertThat(tornBytes).isZero();
        } else if (pagesInMemory > SIZE / BlockSumsDescriptor.PAGE_COVERS_BYTES) {
            assertThat(tornBytes).as("kills take checksums that are in memory").isPositive();
        }
    }

    private static void take(Step step, FileBlockStore store, byte[] model, List<Step> steps) throws IOException {
        step.applyTo(store);
        step.applyTo(model);
        steps.add(step);
    }

    /** What a process leaves that is killed now; a checkpoint may be under way. Returns what did not fit there. */
    private long requireReplay(List<Step> sinceCheckpoint, byte[] model, String as) throws IOException {
        copy("chunk", "killed");
        try (FileBlockStore killed = FileBlockStore.open(chunk("killed"), SIZE)) {
            List<DamagedRange> torn = killed.verify(0, SIZE);
            for (DamagedRange range : torn) {
                for (long at = range.offsetBytes(); at < range.endBytes(); at += 512) {
                    long sector = at;
                    assertThat(sinceCheckpoint)
                            .as("%s, torn at %d", as, at)
                            .anyMatch(s -> s.offset <= sector && sector < s.offset + s.length);
                }
            }
            sinceCheckpoint.forEach(step -> step.applyTo(killed));
            requireEqual(killed, model, as);
            return DamagedRange.totalBytes(torn);
        }
    }

    @Test
    void shouldLeaveTheFileOfChecksumsAloneUntilTheCheckpoint() throws IOException {
        try (FileBlockStore store = FileBlockStore.open(chunk("chunk"), SIZE, new SumsMemory(1 << 20))) {
            byte[] before = Files.readAllBytes(chunk("chunk.sums"));
            for (int i = 0; i < 500; i++) {
                store.write(
                        4096L * i,
                        ByteBuffer.wrap(new byte[4096]).put(7, (byte) 1).position(0));
            }
            assertThat(Files.readAllBytes(chunk("chunk.sums"))).isEqualTo(before);
            store.fsync();
            assertThat(Files.readAllBytes(chunk("chunk.sums"))).isNotEqualTo(before);
            copy("chunk", "killed");
            try (FileBlockStore killed = FileBlockStore.open(chunk("killed"), SIZE)) {
                assertThat(killed.verify(0, SIZE)).isEmpty();
            }
        }
    }
}
