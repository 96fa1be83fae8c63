package io.parablock.main;

import io.netty.channel.ChannelException;
import io.parablock.blockdev.store.BlockStoreException;
import io.parablock.config.ConfigException;
import io.parablock.config.LiveConfig;
import io.parablock.config.NodeConfig;
import io.parablock.events.EventKind;
import io.parablock.events.EventLog;
import io.parablock.replica.Identity;
import io.parablock.wal.WalException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** The node process. */
public final class NodeMain {
    /** A wrong configuration or command line. */
    public static final int EXIT_CONFIG = 2;

    /** The node cannot go on (architecture.md decision 10). */
    public static final int EXIT_FATAL = 3;

    private static final String NODE = "node";
    /** How a line says that a disk is full: the log's reserve, and the system's own words. */
    private static final List<String> FULL = List.of("no room for another segment", "No space left on device");

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
        EventLog events = new EventLog(config.log().eventsMax());
        try {
            return serve(live, log, events);
        } catch (ConfigException | Identity.WrongIdentityException e) {
            System.err.println(file + ": " + e.getMessage());
            return EXIT_CONFIG;
        } catch (ChannelException | BlockStoreException | WalException e) {
            return cannotStart(events, config, "", e);
        } catch (IOException | UncheckedIOException e) {
            // The system's words alone do not say which disk is meant.
            return cannotStart(events, config, ", data directory " + config.dataDir(), e);
        } finally {
            log.close();
        }
    }

    private static int cannotStart(EventLog events, NodeConfig config, String more, Exception e) {
        String why = String.valueOf(e.getMessage());
        String text = "node " + config.nodeId() + " cannot start" + more + ": " + why;
        events.tell(EventKind.CANNOT_START, 0, text, NODE, config.nodeId(), why);
        return EXIT_FATAL;
    }

    private static int serve(LiveConfig<NodeConfig> live, ProcessLog log, EventLog events) throws IOException {
        CountDownLatch stopped = new CountDownLatch(1);
        int id = live.config().nodeId();
        events.tell(EventKind.PROCESS_STARTING, 0, "node " + id + " starts", NODE, id);
        Node node = new Node(live.config(), NetworkLinks::of, events, line -> halt(events, log, line));
        ConfigReloader<NodeConfig> reloader = new ConfigReloader<>(live, events, changed -> {
            log.to(changed.log());
            node.reconfigure(changed);
        });
        HangUp.onSignal(reloader::onSignal);
        node.routes()
                .action(ConfigReloader.PATH, reloader)
                .action(StopAction.PATH, StopAction.ofProcess())
                .page(EventsRoute.PATH, new EventsRoute(events));
        // SIGTERM and Ctrl-C end the process through its shutdown hooks.
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            node.close();
                            log.close();
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

    /** Tells why, writes what the log still holds, and ends the process at once. */
    static void halt(EventLog events, ProcessLog log, String line) {
        boolean full = FULL.stream().anyMatch(line::contains);
        events.tell(full ? EventKind.DISK_FULL : EventKind.PROCESS_FAILED, 0, line, line);
        log.close();
        // Not exit: hooks would wait for the thread that has just failed, and nothing may be answered any more.
        Runtime.getRuntime().halt(EXIT_FATAL);
    }
}
