package io.parablock.tools;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The network between the nodes of a cluster: a TCP proxy for each node and each peer that it dials. One node at a time can be
 * cut off from all others; its clients and its status page stay within reach.
 */
final class CutNetwork implements AutoCloseable {
    /** What becomes of the connections of the node that is cut off. */
    enum Cut {
        /** Nothing arrives and nothing ends; what was under way arrives, late, when the cut ends. */
        SILENT,
        /** Every connection ends, and so does each new one. */
        RESET
    }

    private static final int CONNECT_TIMEOUT_MS = 2_000;
    private static final int BUFFER_BYTES = 64 << 10;

    private final List<Link> links = new ArrayList<>();

    // Guarded by this.
    private int cutNode;
    private Cut cut = Cut.SILENT;

    /** Puts itself between the nodes of a cluster whose configurations are written and which does not run yet. */
    void install(DemoCluster cluster) throws IOException {
        DemoSettings settings = cluster.settings();
        for (int node = 1; node <= settings.nodes(); node++) {
            Path file = cluster.folder().config(node);
            String text = Files.readString(file);
            for (int peer = 1; peer <= settings.nodes(); peer++) {
                if (peer != node) {
                    Link link = new Link(node, peer, settings.peerPort(peer));
                    links.add(link);
                    String direct = address(settings.peerPort(peer));
                    if (!text.contains(direct)) {
                        throw new IOException("no peer " + direct + " in " + file);
                    }
                    text = text.replace(direct, address(link.listener.getLocalPort()));
                    spawn(link::accept);
                }
            }
            Files.writeString(file, text);
        }
    }

    private static String address(int port) {
        return "\"" + NodeConfig.LOOPBACK + ":" + port + "\"";
    }

    /** Cuts a node off until {@link #heal}. */
    void cut(int node, Cut how) {
        synchronized (this) {
            cutNode = node;
            cut = how;
        }
        if (how == Cut.RESET) {
            links.stream().filter(link -> link.joins(node)).forEach(Link::reset);
        }
    }

    synchronized void heal() {
        cutNode = 0;
        notifyAll();
    }

    private synchronized void awaitWhole(Link link) throws InterruptedException {
        while (link.joins(cutNode) && cut == Cut.SILENT) {
            wait();
        }
    }

    private synchronized boolean resets(Link link) {
        return link.joins(cutNode) && cut == Cut.RESET;
    }

    private static void spawn(Runnable work) {
        Thread thread = new Thread(work, "cut-network");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() {
        heal();
        for (Link link : links) {
            closeQuietly(link.listener);
            link.reset();
        }
    }

    private static void closeQuietly(AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception e) {
            // Closing is all that could be done.
        }
    }

    /** The proxy of one node for one peer. */
    private final class Link {
        private final int from;
        private final int to;
        private final int targetPort;
        private final ServerSocket listener;
        private final Set<Socket> open = ConcurrentHashMap.newKeySet();

        Link(int from, int to, int targetPort) throws IOException {
            this.from = from;
            this.to = to;
            this.targetPort = targetPort;
            this.listener = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
        }

        boolean joins(int node) {
            return node == from || node == to;
        }

        void reset() {
            open.forEach(CutNetwork::closeQuietly);
        }

        void accept() {
            try {
                while (true) {
                    Socket dialler = listener.accept();
                    spawn(() -> join(dialler));
                }
            } catch (IOException e) {
                // The test is over.
            }
        }

        private void join(Socket dialler) {
            Socket target = new Socket();
            open.add(dialler);
            open.add(target);
            try {
                awaitWhole(this);
                target.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), targetPort), CONNECT_TIMEOUT_MS);
                dialler.setTcpNoDelay(true);
                target.setTcpNoDelay(true);
                if (resets(this)) {
                    end(dialler, target);
                    return;
                }
                spawn(() -> pump(target, dialler));
            } catch (IOException | InterruptedException e) {
                end(dialler, target);
                return;
            }
            pump(dialler, target);
        }

        private void pump(Socket source, Socket sink) {
            byte[] buffer = new byte[BUFFER_BYTES];
            try {
                InputStream in = source.getInputStream();
                OutputStream out = sink.getOutputStream();
                for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                    awaitWhole(this);
                    out.write(buffer, 0, count);
                }
            } catch (IOException e) {
                // Either end is an end.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            try {
                // An end does not pass a cut either.
                awaitWhole(this);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            end(source, sink);
        }

        private void end(Socket one, Socket other) {
            closeQuietly(one);
            closeQuietly(other);
            open.remove(one);
            open.remove(other);
        }
    }
}
