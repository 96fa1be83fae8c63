package io.parablock.wal.direct;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.Wal;
import io.parablock.wal.WalContract;
import io.parablock.wal.WalListener;
import io.parablock.wal.segment.WalConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

class DirectWalContractTest {
    abstract static class Contract extends WalContract {
        @TempDir
        Path directory;

        private final DirectConfig direct;

        Contract(int writesInFlightMax) {
            direct = new DirectConfig(writesInFlightMax, 16 << 10);
        }

        DirectWal openDirect(WalListener listener) {
            WalConfig config = WalConfig.of(directory, 42)
                    .withSegmentBytes(SEGMENT_BYTES)
                    .withRecordBytesMax((1 << 20) + RecordDescriptor.HEADER_LENGTH_MAX);
            return DirectWal.open(config, direct, listener);
        }

        int writesInFlightMax() {
            return direct.writesInFlightMax();
        }
    }

    @Nested
    class Channel extends Contract {
        Channel() {
            super(1);
        }

        @Override
        protected Wal open(WalListener listener) {
            return openDirect(listener);
        }
    }

    /** Also on the event loop's ring, and its completions come later. */
    abstract static class Ring extends Contract {
        private static MultiThreadIoEventLoopGroup group;

        Ring(int writesInFlightMax) {
            super(writesInFlightMax);
        }

        @BeforeAll
        static void startLoop() {
            assertThat(IoUring.isAvailable()).isTrue();
            group = new MultiThreadIoEventLoopGroup(1, IoUringIoHandler.newFactory());
        }

        @AfterAll
        static void stopLoop() {
            group.shutdownGracefully().syncUninterruptibly();
        }

        @Override
        protected Wal open(WalListener listener) {
            IoEventLoop loop = group.next();
            DirectWal wal = openDirect(listener);
            try {
                RingIo.attach(wal, loop);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            assertThat(wal.engine()).startsWith("direct/io_uring");
            return new LoopWal(wal, loop);
        }
    }

    @Nested
    class RingOneInFlight extends Ring {
        RingOneInFlight() {
            super(1);
        }
    }

    @Nested
    class RingManyInFlight extends Ring {
        RingManyInFlight() {
            super(32);
        }
    }
}
