package io.parablock.tools;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/**
 * The class-data archive that the launcher script would make, so that daemons of tests start as those of users do. One for each
 * JVM that runs tests.
 */
final class NodeArchive {
    private static final long TIMEOUT_S = 120;
    /** Read by {@link NodeLauncher}. */
    private static final String PROPERTY = "parablock.archive";

    private static boolean tried;

    private NodeArchive() {}

    /** Every daemon that is started from here on has it. Without one they start too, only later. */
    static synchronized void use() throws IOException, InterruptedException {
        if (!tried) {
            tried = true;
            System.setProperty("parablock.home", ArchitectureTest.root().toString());
            Path made = make();
            if (made != null) {
                System.setProperty(PROPERTY, made.toString());
            } else {
                System.out.println("no class-data archive: daemons start slowly");
            }
        }
    }

    /** The file of flags, or null. */
    private static Path make() throws IOException, InterruptedException {
        Path dir = Files.createTempDirectory("parablock-archive");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(dir)));
        String classPath = jars(dir);
        if (classPath == null) {
            return null;
        }
        Path archive = dir.resolve("classes.jsa");
        Path flags = dir.resolve("flags");
        Files.write(flags, List.of("-cp", '"' + classPath + '"', "-XX:ArchiveClassesAtExit=" + archive));
        System.setProperty(PROPERTY, flags.toString());
        Process maker;
        try {
            maker = new NodeLauncher()
                    .program(
                            Parablock.class.getName(),
                            "archive-run",
                            dir.resolve("run").toString())
                    .redirectErrorStream(true)
                    .redirectOutput(dir.resolve("log").toFile())
                    .start();
        } finally {
            System.clearProperty(PROPERTY);
        }
        if (!maker.waitFor(TIMEOUT_S, TimeUnit.SECONDS)) {
            maker.destroyForcibly();
        }
        if (maker.waitFor() != 0 || !Files.exists(archive)) {
            System.out.println(Files.readString(dir.resolve("log")));
            return null;
        }
        List<String> use = new ArrayList<>(List.of(
                "-cp", '"' + classPath + '"', "-XX:SharedArchiveFile=" + archive, "-Xshare:auto", "-Xlog:cds*=off"));
        if (Runtime.version().feature() >= 25) {
            use.add("-Xlog:aot*=off");
        }
        Files.write(flags, use);
        return flags;
    }

    /** An archive is of jars alone: this module's classes are put into one. Null if other modules are folders too. */
    private static String jars(Path dir) throws IOException {
        Path own = folderOf(Parablock.class);
        Path tests = folderOf(NodeArchive.class);
        List<String> classPath = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            Path path = Path.of(entry);
            if (path.equals(own)) {
                Path jar = dir.resolve("tools.jar");
                pack(own, jar);
                classPath.add(jar.toString());
            } else if (Files.isDirectory(path) && !path.equals(tests)) {
                return null;
            } else if (Files.isRegularFile(path)) {
                classPath.add(entry);
            }
        }
        return String.join(File.pathSeparator, classPath);
    }

    private static Path folderOf(Class<?> type) {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath());
    }

    private static void pack(Path folder, Path jar) throws IOException {
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
                Stream<Path> files = Files.walk(folder)) {
            for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                out.putNextEntry(new JarEntry(folder.relativize(file).toString()));
                Files.copy(file, out);
                out.closeEntry();
            }
        }
    }

    private static void delete(Path dir) {
        try (Stream<Path> files = Files.walk(dir)) {
            for (Path file : (Iterable<Path>) files.sorted(Comparator.reverseOrder())::iterator) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
