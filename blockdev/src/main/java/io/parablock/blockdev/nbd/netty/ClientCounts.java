package io.parablock.blockdev.nbd.netty;

import io.parablock.blockdev.nbd.Nbd;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;

/** Counts what the clients of a server ask for, by export and by client. Thread-safe. */
final class ClientCounts {
    /** By the number of the command (proto.md, "Request types"). NBD_CMD_DISC is never counted: its place has what there is not. */
    private static final String[] OPS = {"read", "write", "other", "flush", "trim", "prefetch", "zero", "block_status"};

    private static final int OTHER = Nbd.CMD_DISC;

    /** Of one export. */
    private static final class Counts {
        private final LongAdder[] requests = adders();
        private final LongAdder[] bytes = adders();
        private final LongAdder[] errors = adders();

        private static LongAdder[] adders() {
            LongAdder[] out = new LongAdder[OPS.length];
            for (int i = 0; i < out.length; i++) {
                out[i] = new LongAdder();
            }
            return out;
        }
    }

    private final Map<String, Counts> exports = new ConcurrentSkipListMap<>();
    private final Set<Client> clients = ConcurrentHashMap.newKeySet();
    private volatile LongConsumer onWriteReceived = elapsedNs -> {};

    /** @param listener hears how long each write took from its header to its payload's end, on any event loop */
    void onWriteReceived(LongConsumer listener) {
        onWriteReceived = listener;
    }

    /** There is such an export, if nobody is attached to it yet. */
    void declare(String export) {
        Counts unused = exports.computeIfAbsent(export, name -> new Counts());
    }

    /** There is no such export any more. */
    void retire(String export) {
        Counts unused = exports.remove(export);
    }

    /** A client is attached, until {@link Client#close}. */
    Client attach(String address, String export) {
        Client client = new Client(address, export);
        clients.add(client);
        return client;
    }

    /** One client; written on its event loop. */
    final class Client {
        private final String address;
        private final String export;
        private final long sinceMs = System.currentTimeMillis();
        private final Counts counts;
        private final AtomicLong requests = new AtomicLong();
        private final AtomicLong bytes = new AtomicLong();
        private final AtomicLong ended = new AtomicLong();

        private Client(String address, String export) {
            this.address = address;
            this.export = export;
            this.counts = exports.computeIfAbsent(export, name -> new Counts());
        }

        void begun(int type, long length) {
            int i = index(type);
            counts.requests[i].increment();
            requests.lazySet(requests.get() + 1);
            if (length > 0) {
                counts.bytes[i].add(length);
            }
            if (type == Nbd.CMD_READ || type == Nbd.CMD_WRITE) {
                bytes.lazySet(bytes.get() + length);
            }
        }

        void received(long elapsedNs) {
            onWriteReceived.accept(elapsedNs);
        }

        void ended(int type, int nbdError) {
            ended.lazySet(ended.get() + 1);
            if (nbdError != 0) {
                refused(type);
            }
        }

        /** Answered with an error. */
        void refused(int type) {
            counts.errors[index(type)].increment();
        }

        void close() {
            clients.remove(this);
        }

        private NbdReadings.Client reading() {
            long done = ended.get();
            long begun = requests.get();
            return new NbdReadings.Client(address, export, sinceMs, Math.max(0, begun - done), begun, bytes.get());
        }
    }

    private static int index(int type) {
        return type >= 0 && type < OPS.length ? type : OTHER;
    }

    List<NbdReadings.Export> exports() {
        List<NbdReadings.Export> out = new ArrayList<>();
        exports.forEach((name, counts) -> {
            List<NbdReadings.Command> commands = new ArrayList<>();
            for (int i = 0; i < OPS.length; i++) {
                commands.add(new NbdReadings.Command(
                        OPS[i], counts.requests[i].sum(), counts.bytes[i].sum(), counts.errors[i].sum()));
            }
            int attached =
                    (int) clients.stream().filter(c -> c.export.equals(name)).count();
            out.add(new NbdReadings.Export(name, attached, commands));
        });
        return out;
    }

    /** Those that are attached longest. */
    List<NbdReadings.Client> clients(int max) {
        return clients.stream()
                .sorted(Comparator.comparingLong((Client c) -> c.sinceMs).thenComparing(c -> c.address))
                .limit(max)
                .map(Client::reading)
                .toList();
    }
}
