package io.parablock.main;

import io.netty.channel.ChannelException;
import io.parablock.blockdev.store.BlockStoreException;
import io.parablock.config.ConfigException;
import io.parablock.config.LiveConfig;
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
        LiveConfig<NodeConfig> live;
        ProcessLog log = new ProcessLog();
        try {
            live = LiveConfig.ofNode(file, System.getenv(), System.getProperties());
            log.to(live.config().log());
        } catch (ConfigException e) {
            System.err.println(e.getMessage());
            return EXIT_CONFIG;
        }
        NodeConfig config = live.config();
        try {
            return serve(live, log);
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

    private static int serve(LiveConfig<NodeConfig> live, ProcessLog log) throws IOException {
        CountDownLatch stopped = new CountDownLatch(1);
        Node node = new Node(live.config(), NetworkLinks::of, NodeMain::halt);
        ConfigReloader<NodeConfig> reloader = new ConfigReloader<>(live, changed -> {
            log.to(changed.log());
            node.reconfigure(changed);
        });
        HangUp.onSignal(reloader::onSignal);
        node.routes().action(ConfigReloader.PATH, reloader).action(StopAction.PATH, StopAction.ofProcess());
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
            reloader.begin();
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
