package io.parablock.main;

import io.netty.channel.ChannelException;
import io.parablock.config.ConfigException;
import io.parablock.config.GatewayProcessConfig;
import io.parablock.config.LiveConfig;
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
        LiveConfig<GatewayProcessConfig> live;
        ProcessLog log = new ProcessLog();
        try {
            live = LiveConfig.ofGateway(file, System.getenv(), System.getProperties());
            log.to(live.config().log());
        } catch (ConfigException e) {
            System.err.println(e.getMessage());
            return NodeMain.EXIT_CONFIG;
        }
        try {
            return serve(live, log);
        } catch (ConfigException e) {
            System.err.println(file + ": " + e.getMessage());
            return NodeMain.EXIT_CONFIG;
        } catch (ChannelException | IOException | UncheckedIOException e) {
            LOG.error("the gateway cannot start: {}", e.getMessage());
            return NodeMain.EXIT_FATAL;
        }
    }

    private static int serve(LiveConfig<GatewayProcessConfig> live, ProcessLog log) throws IOException {
        CountDownLatch stopped = new CountDownLatch(1);
        GatewayProcess gateway = new GatewayProcess(live.config(), NodeMain::halt);
        ConfigReloader<GatewayProcessConfig> reloader = new ConfigReloader<>(live, changed -> {
            log.to(changed.log());
            gateway.reconfigure(changed);
        });
        HangUp.onSignal(reloader::onSignal);
        gateway.routes().action(ConfigReloader.PATH, reloader);
        // Its start lasts until a node tells it what to serve.
        reloader.begin();
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
