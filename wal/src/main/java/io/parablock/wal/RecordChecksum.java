package io.parablock.wal;

import static io.parablock.wal.RecordDescriptor.HEADER_CRC_OFFSET;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** CRC32C of headers and payloads. Holds scratch state: one per thread. */
public final class RecordChecksum {
    private final CRC32C crc = new CRC32C();
    private final ByteBuffer nonceBytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);

    /** The header CRC: the nonce, then the header around its own CRC field. The buffer's position and limit change. */
    public int ofHeader(ByteBuffer buffer, int at, int headerLength, long nonce) {
        crc.reset();
        crc.update(nonceBytes.clear().putLong(0, nonce));
        crc.update(buffer.limit(at + HEADER_CRC_OFFSET).position(at));
        crc.update(buffer.limit(at + headerLength).position(at + HEADER_CRC_OFFSET + Integer.BYTES));
        return (int) crc.getValue();
    }

    /** The CRC of the remaining bytes, 0 when there are none; leaves position and limit alone. */
    public int ofPayload(ByteBuffer payload) {
        int position = payload.position();
        crc.reset();
        crc.update(payload);
        payload.position(position);
        return (int) crc.getValue();
    }
}
