package io.parablock.blockdev.nbd.conformance;

import static io.parablock.blockdev.nbd.conformance.Proto.*;

import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** One check's way to the server: opens connections, and closes them all when the check ends. */
final class Probe implements AutoCloseable {
    private final Target target;
    private final long deadlineNs;
    private final List<Wire> wires = new ArrayList<>();
    private SocketAddress address;

    Probe(Target target) {
        this.target = target;
        this.address = target.address();
        deadlineNs = System.nanoTime() + target.checkDeadline().toNanos();
    }

    Target target() {
        return target;
    }

    String export() {
        return target.export();
    }

    /** A name that no server has. */
    String unknownExport() {
        return "no-such-export-" + target.export();
    }

    String readOnlyExport() {
        String name = target.readOnlyExport();
        if (name == null) {
            throw new NotOffered("no read-only export was named");
        }
        return name;
    }

    /** From here on connections go to the unix socket. */
    Probe overUnix() {
        SocketAddress unix = target.unixAddress();
        if (unix == null) {
            throw new NotOffered("no unix socket was named");
        }
        address = unix;
        return this;
    }

    Wire wire() {
        Wire wire = Wire.connect(address, deadlineNs);
        wires.add(wire);
        return wire;
    }

    /** A connection whose greeting has been read. */
    Haggle greeted() {
        Wire wire = wire();
        Duration deadline = target.handshakeDeadline();
        if (deadline != null) {
            wire.closesPromptlyWithin(deadline.toNanos() / 10 * 8);
        }
        return new Haggle(wire).greeting();
    }

    /** A connection in the middle of fixed newstyle haggling. */
    Haggle haggle() {
        return greeted().clientFlags(FIXED_NEWSTYLE | NO_ZEROES);
    }

    Session attach(Mode mode) {
        return haggle().headers(mode).go(export());
    }

    Session attach() {
        return attach(Mode.SIMPLE);
    }

    Session structured() {
        return attach(Mode.STRUCTURED);
    }

    Session extended() {
        return attach(Mode.EXTENDED);
    }

    /** With base:allocation selected. */
    Session mapped(Mode mode) {
        Haggle haggle = haggle().headers(mode);
        NotOffered.unless(haggle.select(export(), ALLOCATION).size() == 1, "the server does not offer base:allocation");
        return haggle.go(export());
    }

    /** Bytes that no block repeats, none of them a zero. */
    static byte[] pattern(int bytes, long seed) {
        byte[] pattern = new byte[bytes];
        new Random(seed).nextBytes(pattern);
        for (int i = 0; i < bytes; i++) {
            if (pattern[i] == 0) {
                pattern[i] = 1;
            }
        }
        return pattern;
    }

    /** The longest payload that the server has to take in one request, in whole 512-byte sectors. */
    static int payloadMax(Session session) {
        long max = Math.min(session.facts.sizes().maximum(), PORTABLE_PAYLOAD_BYTES);
        return (int) Math.min(max, session.facts.sizeBytes()) & -512;
    }

    @Override
    public void close() {
        wires.forEach(Wire::close);
    }
}
