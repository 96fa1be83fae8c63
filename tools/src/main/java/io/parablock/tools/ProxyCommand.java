package io.parablock.tools;

import io.parablock.blockdev.nbd.netty.TransportKind;
import io.parablock.perf.impair.ImpairmentProxy;
import io.parablock.perf.impair.ProxySettings;
import io.parablock.transport.impair.LinkImpairment;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code parablock proxy}: passes TCP connections on, as badly as it is told to. */
@Command(
        name = "proxy",
        description = {
            "Passes TCP connections on, in both directions, with what is wrong with a bad link, until it is told to stop.",
            "Bytes keep their order. A message is what one read of a socket brings; each direction draws for itself."
        },
        mixinStandardHelpOptions = true)
final class ProxyCommand implements Callable<Integer> {
    @Option(
            names = "--listen",
            paramLabel = "HOST:PORT",
            required = true,
            converter = AddressConverter.class,
            description = "where clients connect; port 0 for a free one")
    @SuppressWarnings("NullAway.Init")
    private InetSocketAddress listen;

    @Option(
            names = "--to",
            paramLabel = "HOST:PORT",
            required = true,
            converter = AddressConverter.class,
            description = "where their connections go on")
    @SuppressWarnings("NullAway.Init")
    private InetSocketAddress to;

    @Option(
            names = "--delay",
            paramLabel = "TIME",
            defaultValue = "0ms",
            converter = TimeSpan.Converter.class,
            description = "of each message (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private TimeSpan delay;

    @Option(
            names = "--jitter",
            paramLabel = "TIME",
            defaultValue = "0ms",
            converter = TimeSpan.Converter.class,
            description = "at most so much more, uniformly distributed (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private TimeSpan jitter;

    @Option(
            names = "--stall-probability",
            paramLabel = "P",
            defaultValue = "0",
            description = "that a message holds up all behind it, 0 to 1 (default: ${DEFAULT-VALUE})")
    private double stallProbability;

    @Option(
            names = "--stall",
            paramLabel = "TIME",
            defaultValue = "20ms",
            converter = TimeSpan.Converter.class,
            description = "for so long (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private TimeSpan stall;

    @Option(
            names = "--loss-probability",
            paramLabel = "P",
            defaultValue = "0",
            description = "that a message is lost, and again when it is sent again, 0 to 1 (default: ${DEFAULT-VALUE})")
    private double lossProbability;

    @Option(
            names = "--retransmit",
            paramLabel = "TIME",
            defaultValue = "200ms",
            converter = TimeSpan.Converter.class,
            description =
                    "pause before it is sent again; doubles for each loss of one message (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private TimeSpan retransmit;

    @Option(
            names = "--bandwidth",
            paramLabel = "SIZE",
            defaultValue = "0",
            converter = RateConverter.class,
            description = "bytes in a second, such as 10MiB; 0 for no limit (default: ${DEFAULT-VALUE})")
    private long bytesPerSecond;

    @Option(
            names = "--buffer",
            paramLabel = "SIZE",
            defaultValue = "1MiB",
            converter = ByteSize.Converter.class,
            description = "held in each direction of a connection; more is not read (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private ByteSize buffer;

    @Option(
            names = "--connections",
            paramLabel = "N",
            defaultValue = "1024",
            description = "at once; others are closed (default: ${DEFAULT-VALUE})")
    private int connections;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "what the draws come from (default: ${DEFAULT-VALUE})")
    private long seed;

    @Option(
            names = "--transport",
            paramLabel = "KIND",
            defaultValue = "auto",
            description = "auto, io_uring, epoll, nio (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private String transport;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        ProxySettings settings;
        TransportKind kind;
        try {
            settings = settings();
            kind = TransportKind.choose(transport).kind();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage());
        }
        PrintWriter err = spec.commandLine().getErr();
        try (ImpairmentProxy proxy = ImpairmentProxy.listen(settings, kind, line -> {
            err.println("parablock: " + line);
            err.flush();
        })) {
            PrintWriter out = spec.commandLine().getOut();
            out.println("proxy " + text(proxy.address()) + " to " + text(to) + ": " + settings.wrong());
            out.flush();
            // SIGTERM and Ctrl-C end the process.
            new CountDownLatch(1).await();
        } catch (IOException e) {
            throw new CommandFailure(String.valueOf(e.getMessage()));
        }
        return 0;
    }

    private ProxySettings settings() {
        LinkImpairment wrong = new LinkImpairment(
                delay.ns(),
                jitter.ns(),
                stallProbability,
                stall.ns(),
                lossProbability,
                retransmit.ns(),
                bytesPerSecond);
        return new ProxySettings(listen, to, wrong, buffer.bytes(), connections, seed);
    }

    private static String text(InetSocketAddress address) {
        return address.getHostString() + ":" + address.getPort();
    }

    static final class AddressConverter implements ITypeConverter<InetSocketAddress> {
        @Override
        public InetSocketAddress convert(String value) {
            try {
                return NodeConfig.address(value);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException("'" + value + "' is no address; write host:port");
            }
        }
    }

    static final class RateConverter implements ITypeConverter<Long> {
        @Override
        public Long convert(String value) {
            try {
                return value.strip().equals("0") ? 0L : ByteSize.parse(value).bytes();
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }
    }
}
