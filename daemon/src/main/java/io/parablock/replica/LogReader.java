package io.parablock.replica;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.parablock.raft.log.Entry;
import io.parablock.wal.Wal;
import io.parablock.wal.WalCorruptException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** Reads payloads back from the WAL. From any thread. */
final class LogReader {
    private final Wal wal;
    private final ByteBufAllocator allocator;

    LogReader(Wal wal, ByteBufAllocator allocator) {
        this.wal = wal;
        this.allocator = allocator;
    }

    /**
     * The payload in a new pooled buffer.
     *
     * @throws WalCorruptException if it is gone or is not this entry's
     */
    ByteBuf read(Entry entry) {
        if (entry.walPosition < 0) {
            throw new WalCorruptException("no WAL record is known for " + entry);
        }
        ByteBuf out = allocator.directBuffer(entry.payloadLength());
        boolean good = false;
        try {
            wal.read(entry.walPosition, (position, record, payload) -> {
                if (record.slot() != entry.slot() || record.origin() != entry.origin()) {
                    throw new WalCorruptException("the record at position " + position + " is slot " + record.slot()
                            + " of term " + record.origin() + ", not " + entry);
                }
                // The log has compared the payload with the record's.
                if (record.payloadCrc() != entry.payloadCrc() || payload.remaining() != entry.payloadLength()) {
                    throw new WalCorruptException("the payload of " + entry + " does not have its checksum");
                }
                out.writeBytes(payload);
            });
            good = true;
            return out;
        } finally {
            if (!good) {
                out.release();
            }
        }
    }

    /** Length and checksum are the entry's. */
    static boolean isIntact(Entry entry, ByteBuf payload) {
        return payload.readableBytes() == entry.payloadLength() && crc(payload) == entry.payloadCrc();
    }

    static int crc(ByteBuf payload) {
        CRC32C crc = new CRC32C();
        if (payload.nioBufferCount() == 1) {
            crc.update(payload.internalNioBuffer(payload.readerIndex(), payload.readableBytes()));
        } else {
            for (ByteBuffer part : payload.nioBuffers()) {
                crc.update(part);
            }
        }
        return (int) crc.getValue();
    }
}
