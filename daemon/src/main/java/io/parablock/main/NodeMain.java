package io.parablock.main;

import io.netty.channel.ChannelException;
import io.parablock.blockdev.store.BlockStoreException;
import io.parablock.config.ConfigException;
import io.parablock.config.ConfigLoader;
import io.parablock.config.NodeConfig;
import io.parablock.replica.Identity;
import io.parablock.wal.WalException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The node process. */
public final class NodeMain {
    /** A wrong configuration or command line. */
    public static final int EXIT_CONFIG = 2;

    /** The node cannot go on (architecture.md decision 10). */
    public static final int EXIT_FATAL = 3;

    private static final Logger LOG = LoggerFactory.getLogger(NodeMain.class);

    private NodeMain() {}

    /** Runs a node until it is told to stop; returns the exit code. */
    public static int run(Path file) {
        NodeConfig config;
        try {
            config = ConfigLoader.load(file);
        } catch (ConfigException e) {
            System.err.println(e.getMessage());
            return EXIT_CONFIG;
        }
        ProcessLog.to(config.log());
        try {
            return serve(config);
        } catch (ConfigException | Identity.WrongIdentityException e) {
            System.err.println(file + ": " + e.getMessage());
            return EXIT_CONFIG;
        } catch (ChannelException | BlockStoreException | WalException e) {
            LOG.error("node {} cannot start: {}", config.nodeId(), e.getMessage());
            return EXIT_FATAL;
        } catch (IOException | UncheckedIOException e) {
            // The system's words alone do not say which disk is meant.
            LOG.error("node {} cannot start, data directory {}: {}", config.nodeId(), config.dataDir(), e.getMessage());
            return EXIT_FATAL;
        }
    }

    private static int serve(NodeConfig config) throws IOException {
        CountDownLatch stopped = new CountDownLatch(1);
        Node node = new Node(config, NetworkLinks::of, NodeMain::halt);
        // SIGTERM and Ctrl-C end the process through its shutdown hooks.
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            node.close();
                            stopped.countDown();
                        },
                        "stop"));
        boolean started = false;
        try {
            node.start();
            started = true;
            stopped.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            if (!started) {
                node.close();
            }
        }
        return 0;
    }

    static void halt(String line) {
        LOG.error("{}", line);
        // Not exit: hooks would wait for the thread that has just failed, and nothing may be answered any more.
        Runtime.getRuntime().halt(EXIT_FATAL);
    }
}
