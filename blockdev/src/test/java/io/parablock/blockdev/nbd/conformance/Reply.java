package io.parablock.blockdev.nbd.conformance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What came back for one request, simple or in chunks. */
final class Reply {
    final Request request;
    /** 0 until an error arrives. */
    int error;
    /** Of a READ that succeeded. */
    byte[] content = new byte[0];
    /** Content chunks as {first byte, byte behind the last}, relative to the export. */
    final List<long[]> covered = new ArrayList<>();
    /** Of a BLOCK_STATUS that succeeded, by context id. */
    final Map<Integer, List<Extent>> extents = new LinkedHashMap<>();

    int holes;
    boolean simple;

    Reply(Request request) {
        this.request = request;
    }

    Reply ok() {
        return fails(0);
    }

    /** One of {@code errors} must have been given; 0 is success. */
    Reply fails(int... errors) {
        Violation.unless(
                Arrays.stream(errors).anyMatch(each -> each == error),
                "%s gives error %d, expected %s",
                request,
                error,
                Arrays.toString(errors));
        return this;
    }

    Reply reads(byte[] expected) {
        ok();
        int at = Arrays.mismatch(content, expected);
        Violation.unless(at < 0, "%s differs from what was written at byte %d", request, at);
        return this;
    }

    Reply readsZeroes() {
        return reads(new byte[(int) request.length()]);
    }

    /** The extents of the only context. */
    List<Extent> status() {
        ok();
        Violation.unless(extents.size() == 1, "%d status chunks", extents.size());
        return extents.values().iterator().next();
    }
}
