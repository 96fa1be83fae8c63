package io.parablock.tools;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** Runs other people's programs. */
final class Clients {
    private Clients() {}

    /** Skips the test where a program is missing; {@code tools/test} installs them all. */
    static void require(String... programs) {
        for (String program : programs) {
            boolean found = false;
            for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
                found |= new File(folder, program).canExecute();
            }
            assumeTrue(found, program + " is not installed");
        }
    }

    /** Runs a program that must end in time with exit code 0; returns what it printed. */
    static String run(int timeoutSeconds, String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        CompletableFuture<String> output = CompletableFuture.supplyAsync(() -> {
            try {
                return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                return "";
            }
        });
        if (!process.waitFor(timeoutSeconds, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError(List.of(command) + " did not end in " + timeoutSeconds + " s: " + text(output));
        }
        if (process.exitValue() != 0) {
            throw new AssertionError(
                    List.of(command) + " ended with exit code " + process.exitValue() + ": " + text(output));
        }
        return text(output);
    }

    private static String text(CompletableFuture<String> output) throws InterruptedException {
        try {
            return output.get(5, TimeUnit.SECONDS);
        } catch (ExecutionException | java.util.concurrent.TimeoutException e) {
            return "(no output)";
        }
    }

    /** fio writing at random and reading back, every block verified. */
    static String[] fioVerify(String uri, int depth, String size) {
        return new String[] {
            "fio",
            "--name=verify",
            "--ioengine=nbd",
            "--uri=" + uri,
            "--rw=randrw",
            "--bs=4k",
            "--iodepth=" + depth,
            "--size=" + size,
            "--verify=crc32c",
            "--verify_backlog=1024",
            "--verify_fatal=1",
            "--randrepeat=0"
        };
    }

    static Path randomFile(Path file, long bytes) throws IOException {
        byte[] piece = new byte[1 << 20];
        Random random = new Random(bytes);
        try (var out = Files.newOutputStream(file)) {
            for (long done = 0; done < bytes; done += piece.length) {
                random.nextBytes(piece);
                out.write(piece);
            }
        }
        return file;
    }

    static String sha256(Path file) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        byte[] piece = new byte[1 << 20];
        try (var in = Files.newInputStream(file)) {
            for (int count = in.read(piece); count > 0; count = in.read(piece)) {
                digest.update(piece, 0, count);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
