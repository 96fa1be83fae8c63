package io.parablock.wal.direct;

import io.netty.channel.IoEventLoop;
import io.parablock.wal.Wal;
import io.parablock.wal.WalRecord;
import io.parablock.wal.WalVisitor;
import java.nio.ByteBuffer;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;

/**
 * A log that lives on an event loop, as if it were a blocking one: each call goes there and comes back, and a submit comes
 * back once nothing is in flight.
 */
final class LoopWal implements Wal {
    private static final long DETACH_TIMEOUT_MS = 10_000;

    private final DirectWal wal;
    private final IoEventLoop loop;
    private boolean attached = true;

    LoopWal(DirectWal wal, IoEventLoop loop) {
        this.wal = wal;
        this.loop = loop;
    }

    private <T> T onLoop(Callable<T> call) {
        try {
            return loop.inEventLoop() || !attached
                    ? call.call()
                    : loop.submit(call).get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(e);
        } catch (Exception e) {
            if (e instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(e);
        }
    }

    private void run(Runnable call) {
        onLoop(() -> {
            call.run();
            return 0;
        });
    }

    @Override
    public long append(WalRecord record, ByteBuffer payload, long token) {
        return onLoop(() -> wal.append(record, payload, token));
    }

    @Override
    public void submit() {
        run(wal::submit);
        while (!loop.inEventLoop() && onLoop(wal::writesInFlight) > 0) {
            Thread.onSpinWait();
        }
    }

    @Override
    public void force() {
        run(wal::force);
    }

    @Override
    public void read(long position, WalVisitor visitor) {
        wal.read(position, visitor);
    }

    @Override
    public void forgetReadAhead() {
        wal.forgetReadAhead();
    }

    @Override
    public void scan(WalVisitor visitor) {
        run(() -> wal.scan(visitor));
    }

    @Override
    public void truncate(int groupId, long slot) {
        run(() -> wal.truncate(groupId, slot));
    }

    @Override
    public long sizeBytes() {
        return wal.sizeBytes();
    }

    @Override
    public String engine() {
        return wal.engine();
    }

    @Override
    public void close() {
        if (attached) {
            try {
                if (!RingIo.detach(wal, loop, DETACH_TIMEOUT_MS)) {
                    throw new IllegalStateException("writes are still in flight");
                }
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            attached = false;
        }
        wal.close();
    }
}
