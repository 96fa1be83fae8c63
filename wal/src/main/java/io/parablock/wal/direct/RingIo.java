package io.parablock.wal.direct;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.unix.Errors;
import io.netty.channel.uring.IoUringIoEvent;
import io.netty.channel.uring.IoUringIoHandle;
import io.netty.channel.uring.IoUringIoOps;
import io.parablock.wal.segment.Segment;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes on the io_uring of the event loop that also serves the sockets, through Netty's own ring.
 *
 * <pre>
 *   write ──► segment open? ──yes──► WRITE ──► completion on the event loop
 *                  └──no──► [ its queue ] ◄── OPENAT (O_DIRECT | O_DSYNC)
 * </pre>
 *
 * <p>The ring takes an operation at the next pass of the event loop, with everything else that the pass queued. Everything
 * runs on the event loop.
 */
public final class RingIo implements SegmentIo, IoUringIoHandle {
    /** From linux/io_uring.h; the constants of the library are its own. */
    private static final byte OP_OPENAT = 18;

    private static final byte OP_CLOSE = 19;
    private static final byte OP_WRITE = 23;

    /** From linux/fcntl.h. O_DIRECT has another value on ARM. */
    private static final int AT_FDCWD = -100;

    private static final int O_WRONLY = 1;
    private static final int O_DSYNC = 0x1000;
    private static final int O_CLOEXEC = 0x80000;
    private static final int O_DIRECT_X86 = 0x4000;
    private static final int O_DIRECT_ARM = 0x10000;

    private static final long DETACH_POLL_MS = 1;

    private static final int EINTR = 4;
    private static final int EAGAIN = 11;

    /** Unaligned rest of a write: the disk cannot take it this way. */
    private static final int BLOCK_BYTES_MIN = 512;

    /** Segments that may be opening or closing at once, beside one that opens for each write. */
    private static final int OPENING_AND_CLOSING_MAX = 16;

    private final ChannelIo channels;
    private final int openFlags;
    private final Operation[] operations;
    private final ArrayDeque<Operation> free = new ArrayDeque<>();
    private final Map<Integer, RingFile> files = new HashMap<>();
    private IoRegistration registration;
    private boolean closing;

    private enum Kind {
        OPEN,
        WRITE,
        CLOSE
    }

    /** An operation on its way; its number travels with it, small enough for the short path of the library. */
    private static final class Operation {
        final int number;
        Kind kind = Kind.WRITE;

        @Nullable
        RingFile file;

        @Nullable
        SegmentWrite write;

        @Nullable
        Completion completion;

        int doneBytes;

        Operation(int number) {
            this.number = number;
        }
    }

    private static final class RingFile {
        static final int NOT_OPEN = -1;

        final Path path;
        int fd = NOT_OPEN;
        int inFlight;
        boolean finished;

        @Nullable
        ByteBuf name;

        final ArrayDeque<Operation> queued = new ArrayDeque<>();

        RingFile(Path path) {
            this.path = path;
        }
    }

    @SuppressWarnings("NullAway.Init") // the registration comes right after
    private RingIo(ChannelIo channels, int writesInFlightMax) {
        this.channels = channels;
        this.openFlags = O_WRONLY | O_DSYNC | O_CLOEXEC | (channels.isPastPageCache() ? oDirect() : 0);
        this.operations = new Operation[2 * writesInFlightMax + OPENING_AND_CLOSING_MAX];
        for (int i = 0; i < operations.length; i++) {
            operations[i] = new Operation(i);
            free.add(operations[i]);
        }
    }

    private static int oDirect() {
        String arch = System.getProperty("os.arch", "");
        return arch.equals("aarch64") || arch.equals("arm") ? O_DIRECT_ARM : O_DIRECT_X86;
    }

    public static boolean isPossible(IoEventLoop loop) {
        return loop.isCompatible(RingIo.class);
    }

    /**
     * Lets a log that was opened with {@link DirectWal#open(io.parablock.wal.segment.WalConfig, DirectConfig,
     * io.parablock.wal.WalListener)} write on this event loop's ring. The log belongs to the event loop from then on. Not
     * to be called on it.
     *
     * @throws IOException when the event loop has no ring
     */
    public static void attach(DirectWal wal, IoEventLoop loop) throws IOException {
        if (!(wal.io() instanceof ChannelIo channels)) {
            throw new IOException("the log is attached already");
        }
        if (!isPossible(loop)) {
            throw new IOException("the event loop has no io_uring");
        }
        RingIo ring = new RingIo(channels, wal.writesInFlightMax());
        ring.registration = loop.register(ring).syncUninterruptibly().getNow();
        loop.submit(() -> wal.use(ring)).syncUninterruptibly();
    }

    /**
     * Takes the log off the event loop, once nothing is in flight: afterwards it is the caller's, and writes through
     * channels. Not to be called on the event loop.
     *
     * @return whether that was possible within the time
     */
    public static boolean detach(DirectWal wal, IoEventLoop loop, long timeoutMs) throws InterruptedException {
        long deadlineNs = System.nanoTime() + timeoutMs * 1_000_000;
        boolean detached = loop.submit(() -> tryDetach(wal)).sync().getNow();
        while (!detached && System.nanoTime() < deadlineNs) {
            Thread.sleep(DETACH_POLL_MS);
            detached = loop.submit(() -> tryDetach(wal)).sync().getNow();
        }
        return detached;
    }

    private static boolean tryDetach(DirectWal wal) {
        if (wal.io() instanceof RingIo ring) {
            if (wal.writesInFlight() > 0) {
                return false;
            }
            wal.use(ring.channels);
            ring.close();
        }
        return true;
    }

    @Override
    public String name() {
        return channels.isPastPageCache() ? "io_uring" : "io_uring-buffered";
    }

    @Override
    public void write(SegmentWrite write, Completion completion) {
        Segment segment = write.segment();
        RingFile file = files.get(segment.id);
        if (file == null) {
            file = new RingFile(segment.path);
            files.put(segment.id, file);
            open(file);
        }
        Operation operation = take(Kind.WRITE, file);
        operation.write = write;
        operation.completion = completion;
        operation.doneBytes = 0;
        file.inFlight++;
        if (file.fd == RingFile.NOT_OPEN) {
            file.queued.add(operation);
        } else {
            submitWrite(operation, write);
        }
    }

    @Override
    public void writeNow(SegmentWrite write) throws IOException {
        channels.writeNow(write);
    }

    @Override
    public void finish(Segment segment) {
        channels.finish(segment);
        RingFile file = files.remove(segment.id);
        if (file != null) {
            finish(file);
        }
    }

    @Override
    public void close() {
        closing = true;
        files.values().forEach(this::finish);
        files.clear();
        endIfIdle();
    }

    private void finish(RingFile file) {
        file.finished = true;
        closeIfUnused(file);
    }

    /** With no write on its way there is none that waits for the opening either. */
    private void closeIfUnused(RingFile file) {
        if (file.finished && file.inFlight == 0 && file.fd != RingFile.NOT_OPEN) {
            submit(take(Kind.CLOSE, file), OP_CLOSE, file.fd, 0, 0, 0, 0);
        }
    }

    private void endIfIdle() {
        if (closing && free.size() == operations.length) {
            registration.cancel();
        }
    }

    private void open(RingFile file) {
        byte[] path = file.path.toAbsolutePath().toString().getBytes(StandardCharsets.UTF_8);
        ByteBuf name = Unpooled.directBuffer(path.length + 1).writeBytes(path).writeByte(0);
        file.name = name; // must live until the completion
        submit(take(Kind.OPEN, file), OP_OPENAT, AT_FDCWD, 0, name.memoryAddress(), 0, openFlags);
    }

    private void submitWrite(Operation operation, SegmentWrite write) {
        RingFile file = fileOf(operation);
        submit(
                operation,
                OP_WRITE,
                file.fd,
                write.startBytes() + (long) operation.doneBytes,
                write.memoryAddress() + operation.doneBytes,
                write.lengthBytes() - operation.doneBytes,
                0);
    }

    private void submit(Operation o, byte code, int fd, long offset, long address, int length, int flags) {
        if (!registration.isValid()) {
            throw new IllegalStateException("the ring is closed");
        }
        registration.submit(new IoUringIoOps(
                code, (byte) 0, (short) 0, fd, offset, address, length, flags, o.number, (short) 0, (short) 0, 0, 0L));
    }

    private Operation take(Kind kind, RingFile file) {
        Operation operation = free.poll();
        if (operation == null) {
            throw new IllegalStateException("more than " + operations.length + " operations on the ring");
        }
        operation.kind = kind;
        operation.file = file;
        return operation;
    }

    private void release(Operation operation) {
        operation.file = null;
        operation.write = null;
        operation.completion = null;
        free.add(operation);
    }

    /** On the event loop. The event is used again by the caller. */
    @Override
    public void handle(IoRegistration from, IoEvent ioEvent) {
        IoUringIoEvent event = (IoUringIoEvent) ioEvent;
        Operation operation = operations[(int) event.userData()];
        RingFile file = fileOf(operation);
        int result = event.res();
        switch (operation.kind) {
            case OPEN -> {
                release(operation);
                onOpened(file, result);
            }
            case WRITE -> onWritten(operation, file, result);
            case CLOSE -> {
                file.fd = RingFile.NOT_OPEN;
                release(operation);
            }
        }
        endIfIdle();
    }

    private void onOpened(RingFile file, int result) {
        ByteBuf name = file.name;
        file.name = null;
        if (name != null) {
            name.release();
        }
        if (result >= 0) {
            file.fd = result;
            for (Operation next = file.queued.poll(); next != null; next = file.queued.poll()) {
                submitWrite(next, writeOf(next));
            }
            closeIfUnused(file);
            return;
        }
        IOException failure = Errors.newIOException("open " + file.path, result);
        for (Operation next = file.queued.poll(); next != null; next = file.queued.poll()) {
            complete(next, file, failure);
        }
    }

    private void onWritten(Operation operation, RingFile file, int result) {
        SegmentWrite write = writeOf(operation);
        if (result == -EINTR || result == -EAGAIN) {
            submitWrite(operation, write);
            return;
        }
        if (result > 0) {
            operation.doneBytes += result;
            if (operation.doneBytes == write.lengthBytes()) {
                complete(operation, file, null);
                return;
            }
            if (operation.doneBytes % BLOCK_BYTES_MIN == 0) {
                submitWrite(operation, write); // a short write: the rest of it
                return;
            }
        }
        complete(
                operation,
                file,
                result < 0
                        ? Errors.newIOException("write", result)
                        : new IOException("short write of " + operation.doneBytes + " bytes"));
    }

    private void complete(Operation operation, RingFile file, @Nullable IOException failure) {
        SegmentWrite write = writeOf(operation);
        Completion completion = operation.completion;
        release(operation);
        file.inFlight--;
        closeIfUnused(file);
        if (completion != null) {
            completion.onWritten(write, failure);
        }
    }

    private static RingFile fileOf(Operation operation) {
        RingFile file = operation.file;
        if (file == null) {
            throw new AssertionError("a completion that nothing waits for");
        }
        return file;
    }

    private static SegmentWrite writeOf(Operation operation) {
        SegmentWrite write = operation.write;
        if (write == null) {
            throw new AssertionError("not a write");
        }
        return write;
    }
}
