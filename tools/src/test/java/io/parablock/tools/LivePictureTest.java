package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Makes the picture of the live page that the documents show: of three nodes that have been at work for a minute, down to the
 * commit order. Only with {@code -Dparablock.picture=FILE}, a path below this module's folder or an absolute one.
 */
@Tag("e2e")
@EnabledIfSystemProperty(named = LivePictureTest.PICTURE, matches = ".+")
class LivePictureTest {
    static final String PICTURE = "parablock.picture";

    private static final long AT_WORK_MS = 65_000;
    private static final int WIDTH = 1280;
    /** Of a picture that is part of every clone. */
    private static final int BYTES_MAX = 120_000;

    private static final int COLOURS = 64;

    @Test
    void shouldMakeThePictureOfTheDocuments(@TempDir Path folder) throws Exception {
        Path picture = Path.of(System.getProperty(PICTURE)).toAbsolutePath();
        Path shot = folder.resolve("shot.png");
        int height;
        try (LiveCluster live = LiveCluster.start(folder, "64MiB", "parallel", "fsync", Map.of());
                Browser browser = Browser.open()) {
            int leader = live.cluster.awaitLeader();
            browser.look(WIDTH, 900, "light");
            browser.go("http://127.0.0.1:" + live.http(leader).getPort() + "/");
            try (PacedLoad own = new PacedLoad(live.nbd(leader), 0);
                    PacedLoad other = new PacedLoad(live.nbd(leader % 3 + 1), 16 << 20)) {
                Thread.sleep(AT_WORK_MS);
                assertThat(own.takeP99Ms()).isPositive();
                assertThat(other.takeP99Ms()).isPositive();
                assertThat(browser.text("#connection")).isEqualTo("live");
                assertThat(browser.console()).isEmpty();
                height = (int)
                        browser.number(
                                "Math.ceil(document.getElementById('order-section').getBoundingClientRect().bottom + scrollY + 16)");
                browser.shoot(shot);
            }
        }
        Files.createDirectories(picture.getParent());
        ImageIO.write(reduced(ImageIO.read(shot.toFile()).getSubimage(0, 0, WIDTH, height)), "png", picture.toFile());
        assertThat(Files.size(picture)).isLessThan(BYTES_MAX);
    }

    /** In its most frequent colours; each other one becomes the nearest of them. */
    private static BufferedImage reduced(BufferedImage from) {
        Map<Integer, Integer> pixels = new HashMap<>();
        for (int y = 0; y < from.getHeight(); y++) {
            for (int x = 0; x < from.getWidth(); x++) {
                pixels.merge(from.getRGB(x, y) & 0xffffff, 1, Integer::sum);
            }
        }
        List<Integer> kept = pixels.entrySet().stream()
                .sorted(Map.Entry.<Integer, Integer>comparingByValue()
                        .reversed()
                        .thenComparing(Map.Entry.comparingByKey()))
                .limit(COLOURS)
                .map(Map.Entry::getKey)
                .toList();
        int[] palette = kept.stream().mapToInt(Integer::intValue).toArray();
        IndexColorModel colours = new IndexColorModel(8, palette.length, palette, 0, false, -1, 0);
        BufferedImage to =
                new BufferedImage(from.getWidth(), from.getHeight(), BufferedImage.TYPE_BYTE_INDEXED, colours);
        Map<Integer, Integer> nearest = new HashMap<>();
        for (int y = 0; y < from.getHeight(); y++) {
            for (int x = 0; x < from.getWidth(); x++) {
                int index = nearest.computeIfAbsent(from.getRGB(x, y) & 0xffffff, rgb -> nearest(palette, rgb));
                to.getRaster().setSample(x, y, 0, index);
            }
        }
        return to;
    }

    private static int nearest(int[] palette, int rgb) {
        int best = 0;
        for (int i = 1; i < palette.length; i++) {
            if (distance(palette[i], rgb) < distance(palette[best], rgb)) {
                best = i;
            }
        }
        return best;
    }

    private static int distance(int a, int b) {
        int red = ((a >> 16) & 0xff) - ((b >> 16) & 0xff);
        int green = ((a >> 8) & 0xff) - ((b >> 8) & 0xff);
        int blue = (a & 0xff) - (b & 0xff);
        return red * red + green * green + blue * blue;
    }
}
