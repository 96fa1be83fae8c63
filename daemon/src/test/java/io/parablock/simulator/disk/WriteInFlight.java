package io.parablock.simulator.disk;

import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;

/** A write past the page cache that is on its way to the disk, and what a crash leaves of it. */
final class WriteInFlight {
    private static final int BLOCK_BYTES = 4096;

    final String path;
    final int startBytes;
    final byte[] content;
    private final int sectorBytes;
    private final List<int[]> headers;

    /** It is on the disk, perhaps by another way. */
    boolean stable;

    private final BitSet kept = new BitSet();
    private final BitSet unproven = new BitSet();

    /** @param headers {from, to} in the file of each of its headers */
    WriteInFlight(String path, int startBytes, byte[] content, int sectorBytes, List<int[]> headers) {
        this.path = path;
        this.startBytes = startBytes;
        this.content = content;
        this.sectorBytes = sectorBytes;
        this.headers = headers;
    }

    int endBytes() {
        return startBytes + content.length;
    }

    private int sectors() {
        return content.length / sectorBytes;
    }

    /** Some of its sectors reach the disk: any, or those from one to another. */
    void keepSome(SplittableRandom random) {
        if (random.nextInt(2) == 0) {
            int perCent = random.nextInt(101); // often nearly all or nearly nothing
            for (int i = 0; i < sectors(); i++) {
                kept.set(i, random.nextInt(100) < perCent);
            }
        } else {
            int from = random.nextInt(sectors() + 1);
            kept.set(from, from + random.nextInt(sectors() - from + 1));
        }
    }

    void keepAll() {
        kept.set(0, sectors());
    }

    BitSet kept() {
        return kept;
    }

    /** Of the sectors that are kept, those by which its node cannot vouch for its log. */
    BitSet unproven() {
        return unproven;
    }

    boolean isWhole() {
        return kept.cardinality() == sectors();
    }

    boolean keepsAHeader() {
        return headers.stream().anyMatch(header -> isKept(header[0], header[1]));
    }

    boolean keepsItsFirstHeader() {
        return isKept(headers.get(0)[0], headers.get(0)[1]);
    }

    void keepItsFirstHeader() {
        kept.set(0, (headers.get(0)[1] - 1 - startBytes) / sectorBytes + 1);
    }

    private boolean isKept(int from, int to) {
        int first = (from - startBytes) / sectorBytes;
        return kept.nextClearBit(first) > (to - 1 - startBytes) / sectorBytes;
    }

    boolean keepsABlock() {
        for (int at = startBytes; at < endBytes(); at += BLOCK_BYTES) {
            if (isKept(at, at + BLOCK_BYTES)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Without a header of it, or behind it, each of its blocks that is all there may be of a write that was complete.
     *
     * @param mayStay otherwise each of them loses a sector
     */
    void judgeBlocks(boolean mayStay) {
        for (int at = startBytes; at < endBytes(); at += BLOCK_BYTES) {
            if (isKept(at, at + BLOCK_BYTES)) {
                int first = (at - startBytes) / sectorBytes;
                if (mayStay) {
                    unproven.set(first);
                } else {
                    kept.clear(first);
                }
            }
        }
    }
}
