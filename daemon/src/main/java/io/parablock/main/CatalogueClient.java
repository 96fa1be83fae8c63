package io.parablock.main;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.parablock.blockdev.nbd.NbdSession;
import io.parablock.catalogue.Catalogue;
import io.parablock.catalogue.CatalogueStore;
import io.parablock.catalogue.RefusedChangeException;
import io.parablock.gateway.Gateway;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The catalogue of volumes as the cluster has it, read and changed through its group as a client reads and writes a volume. A read
 * is linearizable; a change is a write that is taken only if it is the next version ({@link CatalogueStore}), and then read back.
 * Thread-safe; calls wait.
 */
final class CatalogueClient {
    /** Named limit: as many other administrators may be faster, one after the other. */
    static final int TRIES_MAX = 16;

    private static final long NS_PER_MS = 1_000_000;

    /** What an administrator asks for: makes the next version of the one that there is. */
    @FunctionalInterface
    interface Change {
        Catalogue next(Catalogue now) throws RefusedChangeException;
    }

    private final Gateway gateway;

    CatalogueClient(Gateway gateway) {
        this.gateway = gateway;
    }

    /** @throws IOException if nobody answers in time: no majority of the nodes does, or none of them has the group yet */
    Catalogue read(long timeoutNs) throws IOException, InterruptedException {
        NbdSession session = gateway.attachToGroup(Catalogue.GROUP, CatalogueStore.SIZE_BYTES);
        try {
            return read(session, System.nanoTime() + timeoutNs, timeoutNs);
        } finally {
            session.detach();
        }
    }

    /**
     * Makes a change, over whatever others change meanwhile. It is made once, however often it is tried: what is late of an earlier
     * try is no next version any more.
     *
     * @param id of the change, in each version that {@code change} makes
     * @return a version that has it
     * @throws IOException if that is not known in time; the change may be made all the same
     */
    Catalogue change(String id, Change change, long timeoutNs)
            throws IOException, RefusedChangeException, InterruptedException {
        long deadlineNs = System.nanoTime() + timeoutNs;
        NbdSession session = gateway.attachToGroup(Catalogue.GROUP, CatalogueStore.SIZE_BYTES);
        try {
            Catalogue now = read(session, deadlineNs, timeoutNs);
            for (int tried = 0; tried < TRIES_MAX && !now.has(id); tried++) {
                byte[] record = change.next(now).encode();
                CompletableFuture<Integer> written = new CompletableFuture<>();
                session.write(0, Unpooled.directBuffer(record.length).writeBytes(record), true, written::complete);
                // An error too may have been taken: reading tells.
                int unused = await(written, deadlineNs, timeoutNs);
                now = read(session, deadlineNs, timeoutNs);
            }
            if (!now.has(id)) {
                throw new IOException("others change the volumes all the time: tried " + TRIES_MAX + " times");
            }
            return now;
        } finally {
            session.detach();
        }
    }

    /** Of a small record one block is enough; of any other all is read again, as it may have changed in between. */
    private static Catalogue read(NbdSession session, long deadlineNs, long timeoutNs)
            throws IOException, InterruptedException {
        byte[] first = read(session, (int) Catalogue.BLOCK_BYTES, deadlineNs, timeoutNs);
        boolean whole = Catalogue.recordBytes(first) <= first.length;
        return Catalogue.decode(whole ? first : read(session, CatalogueStore.SIZE_BYTES, deadlineNs, timeoutNs));
    }

    private static byte[] read(NbdSession session, int bytes, long deadlineNs, long timeoutNs)
            throws IOException, InterruptedException {
        CompletableFuture<byte[]> found = new CompletableFuture<>();
        session.read(0, bytes, (error, content) -> {
            if (content == null) {
                found.completeExceptionally(new IOException("the catalogue of volumes cannot be read now"));
            } else {
                found.complete(bytesOf(content));
            }
        });
        return await(found, deadlineNs, timeoutNs);
    }

    private static byte[] bytesOf(ByteBuf content) {
        byte[] out = new byte[content.readableBytes()];
        content.readBytes(out);
        content.release();
        return out;
    }

    private static <T> T await(CompletableFuture<T> answer, long deadlineNs, long timeoutNs)
            throws IOException, InterruptedException {
        try {
            return answer.get(Math.max(0, deadlineNs - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw new IOException(
                    String.valueOf(e.getCause() == null ? e : e.getCause().getMessage()), e);
        } catch (TimeoutException e) {
            throw new IOException(
                    "no majority of the nodes answers for the catalogue of volumes within " + timeoutNs / NS_PER_MS
                            + " ms",
                    e);
        }
    }
}
