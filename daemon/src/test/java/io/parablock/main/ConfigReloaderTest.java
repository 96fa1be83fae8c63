package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.config.ConfigException;
import io.parablock.config.LiveConfig;
import io.parablock.config.NodeConfig;
import io.parablock.events.EventLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigReloaderTest {
    @TempDir
    Path folder;

    private final List<NodeConfig> applied = new ArrayList<>();
    private Path file;
    private LiveConfig<NodeConfig> live;
    private ConfigReloader<NodeConfig> reloader;
    private final EventLog events = new EventLog(16);
    private boolean refuses;

    @BeforeEach
    void open() throws IOException {
        file = folder.resolve("node.conf");
        write("");
        live = LiveConfig.ofNode(file, Map.of(), new Properties());
        reloader = new ConfigReloader<>(live, events, changed -> {
            if (refuses) {
                throw new ConfigException("log.target: cannot write to it");
            }
            applied.add(changed);
        });
    }

    private void write(String more) throws IOException {
        Files.writeString(file, """
                cluster.id = demo
                node.id = 1
                node.data_dir = "/data"
                peers = [ { id = 1, address = "127.0.0.1:7001" } ]
                volumes = [ { name = demo, size = 1GiB } ]
                """ + more);
    }

    @Test
    void shouldApplyWhatHasChanged() throws Exception {
        reloader.begin();
        write("nbd.stop_grace = 3s");
        reloader.onSignal();
        assertThat(applied).extracting(c -> c.nbd().stopGraceNs()).containsExactly(3_000_000_000L);
        assertThat(live.config()).isSameAs(applied.get(0));
    }

    @Test
    void shouldLeaveEverythingIfItCannotBeApplied() throws Exception {
        NodeConfig before = live.config();
        write("nbd.stop_grace = 3s");
        assertThatThrownBy(reloader::reload).hasMessage("the process is still starting");
        reloader.begin();
        refuses = true;
        assertThatThrownBy(reloader::reload).hasMessage("log.target: cannot write to it");
        refuses = false;
        write("nbd.stop_grace = 3 fortnights");
        assertThatThrownBy(reloader::reload).hasMessageContaining("nbd.stop_grace must be a time such as 50ms");
        reloader.onSignal();
        assertThat(applied).isEmpty();
        assertThat(live.config()).isSameAs(before);
    }
}
