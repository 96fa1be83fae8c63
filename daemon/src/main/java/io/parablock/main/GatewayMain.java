package io.parablock.main;

import io.netty.channel.ChannelException;
import io.parablock.config.ConfigException;
import io.parablock.config.GatewayProcessConfig;
import io.parablock.config.LiveConfig;
import io.parablock.events.EventKind;
import io.parablock.events.EventLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** The process of a gateway without a replica. Exit codes are those of {@link NodeMain}. */
public final class GatewayMain {
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
        EventLog events = new EventLog(live.config().log().eventsMax());
        try {
            return serve(live, log, events);
        } catch (ConfigException e) {
            System.err.println(file + ": " + e.getMessage());
            return NodeMain.EXIT_CONFIG;
        } catch (ChannelException | IOException | UncheckedIOException e) {
            String why = String.valueOf(e.getMessage());
            events.tell(EventKind.CANNOT_START, 0, "the gateway cannot start: " + why, GatewayProcess.ROLE, null, why);
            return NodeMain.EXIT_FATAL;
        } finally {
            log.close();
        }
    }

    private static int serve(LiveConfig<GatewayProcessConfig> live, ProcessLog log, EventLog events)
            throws IOException {
        CountDownLatch stopped = new CountDownLatch(1);
        GatewayProcess gateway = new GatewayProcess(live.config(), events, line -> NodeMain.halt(events, log, line));
        ConfigReloader<GatewayProcessConfig> reloader = new ConfigReloader<>(live, events, changed -> {
            log.to(changed.log());
            gateway.reconfigure(changed);
        });
        HangUp.onSignal(reloader::onSignal);
        gateway.routes().action(ConfigReloader.PATH, reloader).page(EventsRoute.PATH, new EventsRoute(events));
        // Its start lasts until a node tells it what to serve.
        reloader.begin();
        // SIGTERM and Ctrl-C end the process through its shutdown hooks.
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            gateway.close();
                            log.close();
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
