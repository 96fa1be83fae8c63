package io.parablock.simulator.disk;

import io.parablock.blockdev.store.HolePuncher;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Punches holes into files of a simulated disk. */
final class SimulatedHolePuncher implements HolePuncher {
    private final SimulatedDisk disk;
    private final String path;
    private final int bootCount;

    SimulatedHolePuncher(SimulatedDisk disk, Path file) {
        this.disk = disk;
        this.path = ((SimulatedPath) file).onDisk();
        this.bootCount = disk.bootCount();
    }

    @Override
    public boolean punch(long offsetBytes, long lengthBytes) {
        try {
            disk.punch(path, file(), offsetBytes, lengthBytes);
            return true;
        } catch (IOException cannot) {
            return false;
        }
    }

    @Override
    public long allocatedBytes() throws IOException {
        return file().allocatedBytes();
    }

    @Override
    public void close() {}

    private SimulatedFile file() throws IOException {
        if (bootCount == disk.bootCount() && disk.find(path) instanceof SimulatedFile file) {
            return file;
        }
        throw new NoSuchFileException(path);
    }
}
