package io.parablock.simulator.disk;

/**
 * How often a disk misbehaves by itself, in parts per million of the operations concerned.
 *
 * @param writebackPpm per write: the kernel writes one dirty sector of the file back before anybody asked
 * @param readErrorPpm per read: one of its sectors becomes unreadable
 * @param writeErrorPpm per write and per force
 * @param lostWritePpm per forced sector
 * @param misdirectedWritePpm per forced sector
 */
public record DiskFaults(
        int writebackPpm, int readErrorPpm, int writeErrorPpm, int lostWritePpm, int misdirectedWritePpm) {
    /** Crashes still lose what was not forced. */
    public static final DiskFaults NONE = new DiskFaults(100_000, 0, 0, 0, 0);

    public DiskFaults withReadErrorPpm(int ppm) {
        return new DiskFaults(writebackPpm, ppm, writeErrorPpm, lostWritePpm, misdirectedWritePpm);
    }

    public DiskFaults withWriteErrorPpm(int ppm) {
        return new DiskFaults(writebackPpm, readErrorPpm, ppm, lostWritePpm, misdirectedWritePpm);
    }

    public DiskFaults withLostWritePpm(int ppm) {
        return new DiskFaults(writebackPpm, readErrorPpm, writeErrorPpm, ppm, misdirectedWritePpm);
    }

    public DiskFaults withMisdirectedWritePpm(int ppm) {
        return new DiskFaults(writebackPpm, readErrorPpm, writeErrorPpm, lostWritePpm, ppm);
    }
}
