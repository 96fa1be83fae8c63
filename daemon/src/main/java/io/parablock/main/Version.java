package io.parablock.main;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/** Which Parablock this is. */
public final class Version {
    private static final String OF_JAR = "/META-INF/maven/io.parablock/daemon/pom.properties";
    private static final String TEXT = read();

    private Version() {}

    /** 0.1.0; "development" for classes that are in no jar. */
    public static String text() {
        return TEXT;
    }

    private static String read() {
        Properties of = new Properties();
        try (InputStream in = Version.class.getResourceAsStream(OF_JAR)) {
            if (in != null) {
                of.load(in);
            }
        } catch (IOException e) {
            // Told as for classes that are in no jar.
        }
        return of.getProperty("version", "development");
    }
}
