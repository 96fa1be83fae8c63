package io.parablock.main;

import io.netty.channel.ChannelException;
import io.parablock.config.ConfigException;
import io.parablock.config.GatewayConfigLoader;
import io.parablock.config.GatewayProcessConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The process of a gateway without a replica. Exit codes are those of {@link NodeMain}. */
public final class GatewayMain {
    private static final Logger LOG = LoggerFactory.getLogger(GatewayMain.class);

    private GatewayMain() {}

    /** Runs a gateway until it is told to stop; returns the exit code. */
    public static int run(Path file) {
        GatewayProcessConfig config;
        try {
            config = GatewayConfigLoader.load(file);
        } catch (ConfigException e) {
            System.err.println(e.getMessage());
            return NodeMain.EXIT_CONFIG;
        }
        ProcessLog.to(config.log());
        try {
            return serve(config);
        } catch (ConfigException e) {
            System.err.println(file + ": " + e.getMessage());
            return NodeMain.EXIT_CONFIG;
        } catch (ChannelException | IOException | UncheckedIOException e) {
            LOG.error("the gateway cannot start: {}", e.getMessage());
            return NodeMain.EXIT_FATAL;
        }
    }

    private static int serve(GatewayProcessConfig config) throws IOException {
        CountDownLatch stopped = new CountDownLatch(1);
        GatewayProcess gateway = new GatewayProcess(config, NodeMain::halt);
        // SIGTERM and Ctrl-C end the process through its shutdown hooks.
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            gateway.close();
                            stopped.countDown();
                        },
                        "stop"));
        boolean started = false;
        try {
            gateway.start();
            started = true;
            stopped.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            if (!started) {
                gateway.close();
            }
        }
        return 0;
    }
}
