package io.parablock.wal.segment;

import io.parablock.wal.DamagedRecord;
import io.parablock.wal.WalVisitor;

/** Receives what an inspection finds: each segment, then what it holds. */
public interface SegmentVisitor extends WalVisitor {
    void onSegment(ListedSegment segment);

    @Override
    void onDamaged(long position, DamagedRecord what);
}
