package io.parablock.tools;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import picocli.AutoComplete;
import picocli.CommandLine;

/** What the packages hold that is made from the commands; the build runs it. */
public final class PackagedTexts {
    private PackagedTexts() {}

    /**
     * Writes into the folder that is named: {@code man/man1/parablock.1}, {@code man-gz/parablock.1.gz} and
     * {@code completions/parablock.bash}.
     *
     * @throws IOException if one cannot be written
     */
    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        byte[] page = ManPage.text().getBytes(StandardCharsets.UTF_8);
        write(folder.resolve("man/man1/parablock.1"), page);
        write(folder.resolve("man-gz/parablock.1.gz"), packed(page));
        String completion = AutoComplete.bash("parablock", new CommandLine(new Parablock()));
        write(folder.resolve("completions/parablock.bash"), completion.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] packed(byte[] plain) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream packing = new GZIPOutputStream(out)) {
            packing.write(plain);
        }
        return out.toByteArray();
    }

    private static void write(Path file, byte[] content) throws IOException {
        Path parent = file.toAbsolutePath().getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        Files.write(file, content);
    }
}
