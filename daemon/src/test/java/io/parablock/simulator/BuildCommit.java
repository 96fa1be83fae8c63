package io.parablock.simulator;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The commit that this build was made from. */
final class BuildCommit {
    private static final String FILE = "/parablock-commit.txt";
    private static final String UNKNOWN = "unknown";

    private BuildCommit() {}

    /** The full hash, with "-dirty" if sources had been changed; "unknown" if it was built outside of a repository. */
    static String id() {
        try (InputStream in = BuildCommit.class.getResourceAsStream(FILE)) {
            String id = in == null ? "" : new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
            return id.isEmpty() ? UNKNOWN : id;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
