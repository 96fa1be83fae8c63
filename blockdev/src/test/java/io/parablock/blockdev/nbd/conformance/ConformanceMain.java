package io.parablock.blockdev.nbd.conformance;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.List;

/** Runs the suite against any server, or prints the table of its checks; see docs/nbd-conformance.md. */
public final class ConformanceMain {
    private ConformanceMain() {}

    /** {@code --table}, or HOST:PORT or a socket's path, the export's name, its size in bytes, a read-only export. */
    public static void main(String[] args) {
        if (args.length == 1 && args[0].equals("--table")) {
            ConformanceSuite.table().forEach(System.out::println);
            return;
        }
        if (args.length < 3 || args.length > 4) {
            System.err.println("usage: ConformanceMain --table | ADDRESS EXPORT SIZE-BYTES [READ-ONLY-EXPORT]");
            System.exit(2);
        }
        Target target = Target.of(address(args[0]), args[1], Long.parseLong(args[2]));
        List<Result> results = ConformanceSuite.run(args.length == 4 ? target.withReadOnlyExport(args[3]) : target);
        results.forEach(System.out::println);
        System.exit(results.stream().anyMatch(Result::failed) ? 1 : 0);
    }

    private static SocketAddress address(String text) {
        if (text.contains("/")) {
            return UnixDomainSocketAddress.of(text);
        }
        int colon = text.lastIndexOf(':');
        return new InetSocketAddress(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    }
}
