package io.parablock.main;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.config.ConfigException;
import io.parablock.config.Key;
import io.parablock.config.LiveConfig;
import io.parablock.events.EventKind;
import io.parablock.events.EventLog;
import io.parablock.http.Answer;
import io.parablock.http.Routes;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reloads a process's configuration file, at SIGHUP or {@code POST /reload}: what can be applied is, what cannot is told, and a
 * file that is wrong changes nothing. Thread-safe; one at a time.
 *
 * @param <C> the process's configuration
 */
final class ConfigReloader<C> implements Routes.Route {
    /** Where its {@link Routes} have it. */
    static final String PATH = "/reload";

    private static final Logger LOG = LoggerFactory.getLogger(ConfigReloader.class);

    private final LiveConfig<C> live;
    private final Consumer<C> target;
    private final EventLog events;
    private boolean begun;

    /** @param target takes a changed configuration, or throws a ConfigException and has changed nothing */
    ConfigReloader(LiveConfig<C> live, EventLog events, Consumer<C> target) {
        this.live = live;
        this.events = events;
        this.target = target;
    }

    /** The process has started; until then it does not reload. */
    synchronized void begin() {
        begun = true;
    }

    /** What was applied, and what would be after a restart. */
    @Override
    public Answer answer(Map<String, String> query) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ArrayNode applied = json.putArray("applied");
        ArrayNode later = json.putArray("after_restart");
        try {
            for (LiveConfig.Change c : reload()) {
                (c.key().reloadable() ? applied : later).add(c.key().name());
            }
        } catch (ConfigException e) {
            return Answer.error(422, String.valueOf(e.getMessage()));
        }
        return Answer.json(json);
    }

    /** @throws ConfigException nothing has changed */
    synchronized List<LiveConfig.Change> reload() {
        try {
            if (!begun) {
                throw new ConfigException("the process is still starting");
            }
            LiveConfig.Reload<C> reload = live.reread();
            target.accept(reload.config());
            live.accept(reload);
            tell(reload.changes());
            return reload.changes();
        } catch (ConfigException e) {
            String why = String.valueOf(e.getMessage());
            events.tell(EventKind.CONFIG_REFUSED, 0, "the configuration is not reloaded: " + why, why);
            throw e;
        }
    }

    private void tell(List<LiveConfig.Change> changes) {
        events.tell(
                EventKind.CONFIG_RELOADED,
                0,
                "the configuration is reloaded, " + changes.size() + " keys have changed",
                names(changes, true),
                names(changes, false));
        for (LiveConfig.Change c : changes) {
            if (c.key().reloadable()) {
                LOG.info("{}", c.line());
            } else {
                LOG.warn("{}", c.line());
            }
        }
    }

    private static String names(List<LiveConfig.Change> changes, boolean applied) {
        return changes.stream()
                .map(LiveConfig.Change::key)
                .filter(key -> key.reloadable() == applied)
                .map(Key::name)
                .collect(Collectors.joining(","));
    }

    /** On the signal's thread. */
    void onSignal() {
        try {
            List<LiveConfig.Change> unused = reload();
        } catch (ConfigException e) {
            // The log has it.
        }
    }
}
