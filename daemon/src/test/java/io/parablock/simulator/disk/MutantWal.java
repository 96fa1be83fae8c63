package io.parablock.simulator.disk;

import io.parablock.wal.DamagedRecord;
import io.parablock.wal.Wal;
import io.parablock.wal.WalRecord;
import io.parablock.wal.WalVisitor;
import java.nio.ByteBuffer;

/** A log whose scan hides from its owner that a durable record is damaged. */
final class MutantWal implements Wal {
    private final Wal wal;
    private final Runnable afterScan;
    private final boolean hidesDamage;

    MutantWal(Wal wal, boolean hidesDamage, Runnable afterScan) {
        this.wal = wal;
        this.hidesDamage = hidesDamage;
        this.afterScan = afterScan;
    }

    @Override
    public void scan(WalVisitor visitor) {
        wal.scan(new WalVisitor() {
            @Override
            public void onRecord(long position, WalRecord record, ByteBuffer payload) {
                visitor.onRecord(position, record, payload);
            }

            @Override
            public void onDamaged(long position, DamagedRecord what) {
                visitor.onDamaged(position, hidesDamage ? what.asTorn() : what);
            }
        });
        afterScan.run();
    }

    @Override
    public long append(WalRecord record, ByteBuffer payload, long token) {
        return wal.append(record, payload, token);
    }

    @Override
    public void submit() {
        wal.submit();
    }

    @Override
    public void force() {
        wal.force();
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
    public void truncate(int groupId, long slot) {
        wal.truncate(groupId, slot);
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
        wal.close();
    }
}
