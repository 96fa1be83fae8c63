package io.parablock.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Both loops keep one contract. */
@Timeout(30)
class GroupLoopTest {
    enum Loop {
        INLINE,
        BLOCKING,
        YIELDING
    }

    private static final int TINY_RING = 4;

    private final EventExecutor eventLoop = new DefaultEventExecutor();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final AtomicInteger ticks = new AtomicInteger();
    private final AtomicBoolean quiet = new AtomicBoolean();
    private final AtomicInteger batches = new AtomicInteger();
    private final AtomicReference<Throwable> error = new AtomicReference<>();
    private GroupLoop loop;

    private void open(Loop kind) {
        GroupInputs inputs = new GroupInputs() {
            @Override
            public boolean tick() {
                ticks.incrementAndGet();
                return quiet.get();
            }

            @Override
            public void endOfBatch() {
                batches.incrementAndGet();
            }

            @Override
            public void onError(Throwable cause) {
                error.set(cause);
            }
        };
        PipelineConfig.Waiting waiting =
                kind == Loop.YIELDING ? PipelineConfig.Waiting.YIELDING : PipelineConfig.Waiting.BLOCKING;
        PipelineConfig config = new PipelineConfig(PipelineConfig.Kind.AUTO, waiting, TINY_RING);
        loop = kind == Loop.INLINE
                ? new InlineGroupLoop(eventLoop, config, inputs)
                : new ThreadedGroupLoop("group", config, timer, inputs);
        loop.start();
    }

    @AfterEach
    void close() {
        loop.close();
        timer.shutdownNow();
        eventLoop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @ParameterizedTest
    @EnumSource(Loop.class)
    void shouldRunEachThreadsInputsInOrderOnOneThread(Loop kind) throws InterruptedException {
        open(kind);
        int threads = 3;
        int perThread = 2_000;
        List<List<Integer>> seen = new ArrayList<>();
        AtomicReference<Thread> runner = new AtomicReference<>();
        CountDownLatch done = new CountDownLatch(threads * perThread);
        List<Thread> producers = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            List<Integer> mine = Collections.synchronizedList(new ArrayList<>());
            seen.add(mine);
            Thread p = new Thread(() -> {
                for (int i = 0; i < perThread; i++) {
                    int n = i;
                    loop.execute(() -> {
                        Thread before = runner.getAndSet(Thread.currentThread());
                        if (before == null || before == Thread.currentThread()) {
                            mine.add(n);
                        }
                        done.countDown();
                    });
                }
            });
            producers.add(p);
            p.start();
        }
        assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
        for (Thread p : producers) {
            p.join();
        }
        for (List<Integer> mine : seen) {
            assertThat(mine).hasSize(perThread).isSorted();
        }
        assertThat(batches.get()).isPositive();
    }

    @ParameterizedTest
    @EnumSource(Loop.class)
    void shouldNotWaitForItselfWhenTheRingIsFull(Loop kind) throws InterruptedException {
        open(kind);
        int n = 10 * TINY_RING;
        List<Integer> seen = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch done = new CountDownLatch(n);
        loop.execute(() -> {
            for (int i = 0; i < n; i++) {
                int k = i;
                loop.execute(() -> {
                    seen.add(k);
                    done.countDown();
                });
            }
        });
        assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(seen).hasSize(n).isSorted();
    }

    @ParameterizedTest
    @EnumSource(Loop.class)
    void shouldTickAndEndBatchesWhileIdle(Loop kind) throws InterruptedException {
        open(kind);
        for (int i = 0; i < 200 && ticks.get() < 5; i++) {
            Thread.sleep(10);
        }
        assertThat(ticks.get()).isGreaterThanOrEqualTo(5);
        assertThat(batches.get()).isPositive();
    }

    @ParameterizedTest
    @EnumSource(Loop.class)
    void shouldTickSeldomWhileNothingIsUnderWayAndOftenAgainAfterwards(Loop kind) throws InterruptedException {
        open(kind);
        quiet.set(true);
        long begin = System.nanoTime();
        int before = ticks.get();
        Thread.sleep(1_000);
        int seldom = ticks.get() - before;
        // Two that had been asked for before; the machine may have slept longer than it was told to.
        long quietTicksMax = 2 + (System.nanoTime() - begin) / 1_000_000 / PipelineConfig.QUIET_TICK_INTERVAL_MS;
        assertThat(seldom).isBetween(1, (int) quietTicksMax);

        quiet.set(false);
        for (int i = 0; i < 500 && ticks.get() < before + seldom + 2 * quietTicksMax; i++) {
            Thread.sleep(10);
        }
        assertThat(ticks.get()).isGreaterThanOrEqualTo(before + seldom + 2 * (int) quietTicksMax);
    }

    @ParameterizedTest
    @EnumSource(Loop.class)
    void shouldReportAnInputThatThrowsAndRunNoMore(Loop kind) throws InterruptedException {
        open(kind);
        AtomicInteger later = new AtomicInteger();
        loop.execute(() -> {
            throw new IllegalStateException("injected");
        });
        loop.execute(later::incrementAndGet);
        for (int i = 0; i < 200 && error.get() == null; i++) {
            Thread.sleep(10);
        }
        assertThat(error.get()).hasMessage("injected");
        loop.close();
        assertThat(later.get()).isZero();
        assertThatThrownBy(() -> loop.execute(later::incrementAndGet)).isInstanceOf(RejectedExecutionException.class);
        assertThat(loop.offer(later::incrementAndGet)).isFalse();
    }
}
