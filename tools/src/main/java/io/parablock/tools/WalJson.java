package io.parablock.tools;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.wal.DamagedRecord;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.WalRecord;
import io.parablock.wal.segment.ListedSegment;

/** How the parts of a log are written for scripts: an object each, on a line of its own. */
final class WalJson {
    private WalJson() {}

    private static ObjectNode at(String type, long position) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("type", type)
                .put("segment", RecordDescriptor.segmentId(position))
                .put("offset", RecordDescriptor.offsetBytes(position));
    }

    static ObjectNode of(ListedSegment segment) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("type", "segment")
                .put("segment", segment.id())
                .put("file", WalLine.file(segment))
                .put("file_bytes", segment.fileBytes())
                .put("sealed", segment.isSealed())
                .put("records", segment.recordCount())
                .put("durable_bytes", segment.durableBytes());
    }

    static ObjectNode of(long position, WalRecord record) {
        return at("record", position)
                .put("group", record.groupId())
                .put("slot", record.slot())
                .put("origin", record.origin())
                .put("kind", WalLine.kind(record.kind()))
                .put("extent_offset", record.offsetBytes())
                .put("extent_length", record.lengthBytes())
                .put("session", record.session())
                .put("seq", record.seq())
                .put("payload_length", record.payloadLength())
                .put("payload_crc", record.payloadCrc() & 0xffff_ffffL)
                .put("dep", WalLine.dep(record));
    }

    static ObjectNode of(long position, DamagedRecord what) {
        ObjectNode json = at("damaged", position)
                .put("verdict", WalVerdict.of(what).word())
                .put("reason", what.reason());
        if (what.identified()) {
            json.put("group", what.groupId()).put("slot", what.slot()).put("origin", what.origin());
        }
        return json;
    }
}
