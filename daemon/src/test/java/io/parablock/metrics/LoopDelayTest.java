package io.parablock.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LoopDelayTest {
    private static final long BLOCKED_MS = 200;

    @Test
    void shouldSeeALoopThatIsHeldUp() throws Exception {
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        try {
            AtomicLong longestNs = new AtomicLong();
            CountDownLatch probes = new CountDownLatch(3);
            LoopDelay.watch(loops.next(), ns -> {
                longestNs.accumulateAndGet(ns, Math::max);
                probes.countDown();
            });
            loops.next()
                    .submit(() -> {
                        Thread.sleep(BLOCKED_MS);
                        return 0;
                    })
                    .sync();
            assertThat(probes.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(longestNs.get()).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(BLOCKED_MS) / 2);
        } finally {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).await();
        }
    }
}
