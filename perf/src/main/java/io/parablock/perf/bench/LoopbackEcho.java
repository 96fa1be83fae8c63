package io.parablock.perf.bench;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.HdrHistogram.Histogram;

/** What the loopback allows: 4 KiB to another thread and back over TCP, with blocking sockets, one at a time. */
final class LoopbackEcho {
    private static final int BYTES = 4096;
    private static final int TIMEOUT_MS = 5_000;

    private LoopbackEcho() {}

    /** The median round trip in microseconds. The first quarter of the time does not count. */
    static double p50Us(double seconds) throws IOException {
        Histogram roundTripsNs = new Histogram(MeasuredLoad.LATENCY_MAX_NS, 3);
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket socket = new Socket()) {
            Thread echo = new Thread(() -> echo(listener), "loopback-echo");
            echo.setDaemon(true);
            echo.start();
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(TIMEOUT_MS);
            socket.connect(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.getLocalPort()), TIMEOUT_MS);
            DataInputStream in = new DataInputStream(socket.getInputStream());
            OutputStream out = socket.getOutputStream();
            byte[] bytes = new byte[BYTES];
            long countedFromNs = System.nanoTime() + (long) (seconds * 0.25e9);
            long endNs = countedFromNs + (long) (seconds * 1e9);
            for (long sentNs = System.nanoTime(); sentNs < endNs || roundTripsNs.getTotalCount() == 0; ) {
                out.write(bytes);
                in.readFully(bytes);
                long nowNs = System.nanoTime();
                if (sentNs >= countedFromNs) {
                    roundTripsNs.recordValue(Math.min(MeasuredLoad.LATENCY_MAX_NS, nowNs - sentNs));
                }
                sentNs = nowNs;
            }
        }
        return roundTripsNs.getValueAtPercentile(50) / 1e3;
    }

    private static void echo(ServerSocket listener) {
        try (Socket socket = listener.accept()) {
            socket.setTcpNoDelay(true);
            DataInputStream in = new DataInputStream(socket.getInputStream());
            OutputStream out = socket.getOutputStream();
            byte[] bytes = new byte[BYTES];
            while (true) {
                in.readFully(bytes);
                out.write(bytes);
            }
        } catch (IOException e) {
            // The other end has all it wants.
        }
    }
}
