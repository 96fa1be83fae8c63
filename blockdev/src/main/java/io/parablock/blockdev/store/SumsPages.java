package io.parablock.blockdev.store;

import static io.parablock.blockdev.store.BlockSumsDescriptor.PAGE_BYTES;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.util.BitSet;
import java.util.concurrent.locks.ReentrantLock;
import org.agrona.collections.Int2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Pages of a file of checksums that wait in memory, in frames, for the next checkpoint.
 *
 * <pre>
 *   put  ──┬─ the page has a frame, or gets one ──► frame, dirty ──flush──► file; clean ──not put in time──► no frame
 *          └─ no memory is left, or all of the page is put ───────────────► file
 *   read ──── of the frame, else of the file
 * </pre>
 *
 * <p>One thread puts at a time; everything else may be called from any. Positions are bytes of the file.
 *
 * <p>Invariant: what is in no frame is in the file. Only {@link #put} makes a frame, and a frame goes only when its content is in
 * the file.
 */
final class SumsPages {
    /** Neighbours that go out in one write. Whoever waits for {@link #toFile} waits for one of these. */
    private static final int BATCH_PAGES = 16;

    /** Frames that are looked at in one go, for whoever waits for {@link #frames}. */
    private static final int SLICE_FRAMES = 64;

    /** Reads a part of the file. */
    interface FileRead<X extends IOException> {
        /** Fills the buffer. */
        void read(long positionBytes, ByteBuffer into) throws X;
    }

    private final FileChannel channel;
    private final SumsMemory memory;
    /** Up to here the file must be there; behind it are zeros. */
    private final long endBytes;

    /** Held for a whole flush: who finds nothing to do must know that it is done. */
    private final ReentrantLock flushing = new ReentrantLock();

    /**
     * Held while frames are copied and the copies written, and by whoever drops frames. Fair: the writer, when it punches, waits for
     * one batch, not for all of a flush.
     */
    private final ReentrantLock toFile = new ReentrantLock(true);

    /** Guards all below; nobody holds it during a read or a write of the file. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Int2ObjectHashMap<ByteBuffer> frames = new Int2ObjectHashMap<>();
    /** The pages that are in {@link #frames}, in their order. */
    private final BitSet framed = new BitSet();

    /** Invariant: dirty ⊆ framed. */
    private final BitSet dirty = new BitSet();

    /** Put since the last flush began. */
    private BitSet touched = new BitSet();

    private boolean closed;

    SumsPages(FileChannel channel, SumsMemory memory, long endBytes) {
        this.channel = channel;
        this.memory = memory;
        this.endBytes = endBytes;
    }

    private static int pageOf(long positionBytes) {
        return (int) (positionBytes / PAGE_BYTES);
    }

    private static long positionOf(int page) {
        return (long) page * PAGE_BYTES;
    }

    /**
     * Takes the content's remaining bytes; all of it is readable at once. Throws if a page, of which only a part is put, can be
     * neither read nor written. The writer's.
     */
    void put(long positionBytes, ByteBuffer content) throws IOException {
        int start = content.position();
        int end = content.limit();
        int through = start;
        for (int index = start; index < end; ) {
            long at = positionBytes + index - start;
            int inPage = (int) (at % PAGE_BYTES);
            int bytes = Math.min(PAGE_BYTES - inPage, end - index);
            if (isPutInFrame(pageOf(at), inPage, content, index, bytes)) {
                writeThrough(positionBytes + through - start, content, through, index);
                through = index + bytes;
            }
            index += bytes;
        }
        writeThrough(positionBytes + through - start, content, through, end);
        content.limit(end).position(end);
    }

    private void writeThrough(long positionBytes, ByteBuffer content, int from, int to) throws IOException {
        if (from < to) {
            int end = content.limit();
            writeAll(channel, positionBytes, content.limit(to).position(from));
            content.limit(end);
        }
    }

    private boolean isPutInFrame(int page, int inPage, ByteBuffer content, int index, int bytes) throws IOException {
        lock.lock();
        try {
            ByteBuffer frame = frames.get(page);
            if (frame != null) {
                change(page, frame, inPage, content, index, bytes);
                return true;
            }
        } finally {
            lock.unlock();
        }
        // A page that is written whole needs no reading, and one write for 512 KiB of blocks is none too many.
        ByteBuffer made = bytes == PAGE_BYTES ? null : memory.acquire();
        if (made == null) {
            return false;
        }
        boolean taken = false;
        try {
            load(page, made);
            lock.lock();
            try {
                if (closed) {
                    throw new ClosedChannelException();
                }
                frames.put(page, made);
                framed.set(page);
                taken = true;
                change(page, made, inPage, content, index, bytes);
            } finally {
                lock.unlock();
            }
        } finally {
            if (!taken) {
                memory.release(made);
            }
        }
        return true;
    }

    /** Holds the lock. */
    private void change(int page, ByteBuffer frame, int inPage, ByteBuffer content, int index, int bytes) {
        frame.put(inPage, content, index, bytes);
        dirty.set(page);
        touched.set(page);
    }

    /** Nobody writes a page that has no frame but the writer, which is here: the file has what counts. */
    private void load(int page, ByteBuffer frame) throws IOException {
        long at = positionOf(page);
        PageReader.read(channel, at, frame.clear().limit((int) Math.min(PAGE_BYTES, endBytes - at)));
        frame.limit(PAGE_BYTES);
        while (frame.hasRemaining()) {
            frame.put((byte) 0);
        }
    }

    /**
     * Fills the buffer. Frames first, the file for the rest: a page without a frame is in the file and stays there, whatever a flush
     * drops meanwhile, until the writer makes a frame of it; and what the writer does meanwhile may be seen or not, unless the
     * caller keeps it out. The other way round a page might be read before a flush wrote it, and looked up after its frame
     * was dropped.
     */
    <X extends IOException> void read(long positionBytes, ByteBuffer into, FileRead<X> file) throws X {
        int start = into.position();
        int end = into.limit();
        int gap = start;
        for (int index = start; index < end; ) {
            long at = positionBytes + index - start;
            int inPage = (int) (at % PAGE_BYTES);
            int bytes = Math.min(PAGE_BYTES - inPage, end - index);
            if (isInFrame(pageOf(at), inPage, into, index, bytes)) {
                readGap(positionBytes + gap - start, into, gap, index, file);
                gap = index + bytes;
            }
            index += bytes;
        }
        readGap(positionBytes + gap - start, into, gap, end, file);
        into.limit(end).position(end);
    }

    private static <X extends IOException> void readGap(
            long positionBytes, ByteBuffer into, int from, int to, FileRead<X> file) throws X {
        if (from < to) {
            int end = into.limit();
            try {
                file.read(positionBytes, into.limit(to).position(from));
            } finally {
                into.limit(end);
            }
        }
    }

    private boolean isInFrame(int page, int inPage, ByteBuffer into, int index, int bytes) {
        lock.lock();
        try {
            ByteBuffer frame = frames.get(page);
            if (frame != null) {
                into.put(index, frame, inPage, bytes);
            }
            return frame != null;
        } finally {
            lock.unlock();
        }
    }

    /** The first byte, at or after this one, of a page that has a frame; {@link Long#MAX_VALUE} if there is none. */
    long nextFramed(long positionBytes) {
        lock.lock();
        try {
            int page = framed.nextSetBit(pageOf(positionBytes));
            return page < 0 ? Long.MAX_VALUE : Math.max(positionBytes, positionOf(page));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Makes a range zeros by a hole in the file; false if there can be none, and nothing has changed. The writer's. No copy of a
     * frame is on its way to the file meanwhile, so that none is written over the hole.
     */
    boolean punch(long positionBytes, long lengthBytes, HolePuncher puncher) {
        toFile.lock();
        try {
            if (!puncher.punch(positionBytes, lengthBytes)) {
                return false;
            }
            long end = positionBytes + lengthBytes;
            zeroInFrame(pageOf(positionBytes), positionBytes, end);
            zeroInFrame(pageOf(end), positionBytes, end);
            forFrames(pageOf(positionBytes + PAGE_BYTES - 1), pageOf(end), this::drop);
            return true;
        } finally {
            toFile.unlock();
        }
    }

    private void zeroInFrame(int page, long fromBytes, long toBytes) {
        int from = (int) Math.max(0, fromBytes - positionOf(page));
        int to = (int) Math.min(PAGE_BYTES, toBytes - positionOf(page));
        lock.lock();
        try {
            ByteBuffer frame = frames.get(page);
            if (frame != null && from < to) {
                change(page, frame, from, ByteBuffer.allocate(to - from), 0, to - from);
            }
        } finally {
            lock.unlock();
        }
    }

    /** What is to be done with one frame; holds the lock. */
    private interface OfPage {
        void run(int page);
    }

    /** Holds {@link #toFile}, so that nobody else drops any. */
    private void forFrames(int fromPage, int endPage, OfPage what) {
        int page = fromPage;
        while (page >= 0 && page < endPage) {
            lock.lock();
            try {
                for (int n = 0; n < SLICE_FRAMES; n++) {
                    page = framed.nextSetBit(page);
                    if (page < 0 || page >= endPage) {
                        return;
                    }
                    what.run(page++);
                }
            } finally {
                lock.unlock();
            }
        }
    }

    /** What it holds is in the file, or nobody's any more: punched, or not to be written at the end. Holds both locks. */
    private void drop(int page) {
        ByteBuffer frame = frames.remove(page);
        framed.clear(page);
        dirty.clear(page);
        if (frame != null) {
            memory.release(frame);
        }
    }

    /**
     * Writes what was put before the call, into the page cache, and drops the frames in which nothing was put since the flush
     * before.
     */
    void flush() throws IOException {
        flushing.lock();
        try {
            BitSet hot = turn();
            write(0, Integer.MAX_VALUE);
            toFile.lock();
            try {
                forFrames(0, Integer.MAX_VALUE, page -> {
                    if (!hot.get(page) && !touched.get(page) && !dirty.get(page)) {
                        drop(page);
                    }
                });
            } finally {
                toFile.unlock();
            }
        } finally {
            flushing.unlock();
        }
    }

    private BitSet turn() {
        lock.lock();
        try {
            BitSet before = touched;
            touched = new BitSet();
            return before;
        } finally {
            lock.unlock();
        }
    }

    /** Writes what was put in a range before the call, into the page cache. */
    void flush(long positionBytes, long lengthBytes) throws IOException {
        write(pageOf(positionBytes), pageOf(positionBytes + lengthBytes + PAGE_BYTES - 1));
    }

    private void write(int fromPage, int endPage) throws IOException {
        ByteBuffer batch = null;
        for (int page = fromPage; page < endPage; ) {
            toFile.lock();
            try {
                int first = nextDirty(page);
                if (first < 0 || first >= endPage) {
                    return;
                }
                batch = batch == null ? ByteBuffer.allocate(BATCH_PAGES * PAGE_BYTES) : batch.clear();
                page = writeBatch(first, endPage, batch);
            } finally {
                toFile.unlock();
            }
        }
    }

    private int nextDirty(int page) {
        lock.lock();
        try {
            return dirty.nextSetBit(page);
        } finally {
            lock.unlock();
        }
    }

    /** Holds {@link #toFile}: nobody drops a frame of these, or writes a newer copy before. Returns the page behind. */
    private int writeBatch(int first, int endPage, ByteBuffer batch) throws IOException {
        int page = first;
        while (page < endPage && batch.hasRemaining() && isCopied(page, batch)) {
            page++;
        }
        boolean written = false;
        try {
            // Whole pages: one that cannot be read cannot be written in part.
            writeAll(channel, positionOf(first), batch.flip());
            written = true;
        } finally {
            if (!written) {
                lock.lock();
                try {
                    dirty.set(first, page);
                } finally {
                    lock.unlock();
                }
            }
        }
        return page;
    }

    private boolean isCopied(int page, ByteBuffer batch) {
        lock.lock();
        try {
            @Nullable ByteBuffer frame = dirty.get(page) ? frames.get(page) : null;
            if (frame == null) {
                return false;
            }
            dirty.clear(page);
            batch.put(batch.position(), frame, 0, PAGE_BYTES).position(batch.position() + PAGE_BYTES);
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Writes what is not in the file yet, and gives the memory back whether that succeeds or not. */
    void close() throws IOException {
        flushing.lock();
        try {
            write(0, Integer.MAX_VALUE);
        } finally {
            toFile.lock();
            try {
                markClosed();
                forFrames(0, Integer.MAX_VALUE, this::drop);
            } finally {
                toFile.unlock();
                flushing.unlock();
            }
        }
    }

    private void markClosed() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
    }

    static void writeAll(FileChannel channel, long positionBytes, ByteBuffer content) throws IOException {
        long at = positionBytes;
        while (content.hasRemaining()) {
            at += channel.write(content, at);
        }
    }
}
