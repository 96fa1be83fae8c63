package io.parablock.perf.nbd;

import io.parablock.perf.ProcessorTime;
import java.util.List;

/**
 * A server that is measured.
 *
 * @param server what serves; subjects of one server differ in the socket
 * @param socket unix or tcp
 * @param processes whose processor time counts
 */
public record NbdSubject(String server, String socket, String uri, List<ProcessHandle> processes) {
    public NbdSubject {
        processes = List.copyOf(processes);
    }

    /** Processor time that the processes have used; what cannot be told is 0. */
    double cpuSeconds() {
        return ProcessorTime.seconds(processes);
    }
}
