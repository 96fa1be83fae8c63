package io.parablock.tools;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How a folder's cluster was set up when it was last started; empty for a new folder. */
record PreviousDemo(ClusterFolder folder, Map<String, String> settings) {
    static final String NODES = "nodes";
    static final String SIZE = "size";
    static final String MODE = "mode";
    static final String DURABILITY = "durability";
    static final String WAL_ENGINE = "wal.engine";

    static PreviousDemo in(ClusterFolder folder) {
        Map<String, String> settings = new HashMap<>();
        // A start that failed before it kept anything binds nobody.
        if (Files.exists(folder.config(1)) && Files.isDirectory(folder.data(1))) {
            Config config = ConfigFactory.parseFile(folder.config(1).toFile());
            settings.put(NODES, Integer.toString(folder.nodes().size()));
            settings.put(SIZE, config.getConfigList("volumes").get(0).getString("size"));
            for (String key : new String[] {MODE, DURABILITY, WAL_ENGINE}) {
                if (config.hasPath(key)) {
                    settings.put(key, config.getString(key));
                }
            }
        }
        return new PreviousDemo(folder, settings);
    }

    String get(String key, String otherwise) {
        return settings.getOrDefault(key, otherwise);
    }

    /** A volume cannot be another size, nor a cluster have other members, than what is already there. */
    void requireSame(String option, @Nullable Object wanted, String key) {
        String there = settings.get(key);
        if (wanted != null && there != null && !there.equals(wanted.toString())) {
            throw CommandFailure.wrongArgument(option + " " + wanted + ": the cluster in " + folder.dir() + " has "
                    + there + " (choose another --dir)");
        }
    }
}
