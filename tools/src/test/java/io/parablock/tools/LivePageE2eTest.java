package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;

/** The live page in a browser: on a phone's width and a desk's, light and dark. Pictures are left in {@code target/live-page}. */
@Tag("e2e")
@Tag("one-jdk")
class LivePageE2eTest {
    private static final Path PICTURES = Path.of("target", "live-page");
    private static final int[] WIDTHS = {360, 1280};
    private static final String[] SCHEMES = {"light", "dark"};
    /** What both say of the same writes: the page of a second, the metrics of a longer window, on a busy machine. */
    private static final double FACTOR = 10;

    private static final Pattern FIGURE = Pattern.compile("p50 ([0-9.,]+) (µs|ms|s)\\b");
    private static final Pattern BUCKET =
            Pattern.compile("parablock_gateway_request_seconds_bucket\\{op=\"write\",le=\"([^\"]+)\"} (\\S+)");

    private static Browser browser;

    @BeforeAll
    static void open() {
        browser = Browser.open();
    }

    @AfterAll
    static void close() {
        if (browser != null) {
            browser.close();
        }
    }

    /** Or it would ask, and complain, in the next test. */
    @AfterEach
    void leave() {
        browser.leave();
    }

    /** In every look: nothing sticks out, and the picture is kept. */
    private static void lookFromEverySide(String name) throws Exception {
        for (int width : WIDTHS) {
            for (String scheme : SCHEMES) {
                browser.look(width, 900, scheme);
                Thread.sleep(150);
                assertThat(browser.number("document.documentElement.scrollWidth"))
                        .as("%s at %d, %s", name, width, scheme)
                        .isLessThanOrEqualTo(width);
                assertThat(browser.eval("[...document.querySelectorAll('section, section *')]"
                                + ".filter(e => e.getClientRects().length && e.getBoundingClientRect().right > innerWidth + 1)"
                                + ".map(e => e.outerHTML.slice(0, 120)).join(' ')"))
                        .as("sticks out of %s at %d", name, width)
                        .isEqualTo("");
                browser.shoot(PICTURES.resolve(name + "-" + width + "-" + scheme + ".png"));
            }
        }
        browser.look(1280, 900, "light");
    }

    private static void requireNoForeignRequests(String origin) {
        assertThat(browser.number("performance.getEntriesByType('resource').length"))
                .isPositive();
        assertThat(browser.eval("performance.getEntriesByType('resource').map(e => e.name)"
                        + ".filter(n => !n.startsWith('" + origin + "')).join(' ')"))
                .isEqualTo("");
    }

    /** Answered writes: as the last stage, or where stages are not kept. */
    private static double shownWritesUs() {
        double asStage = shownUs("reply");
        return Double.isNaN(asStage) ? shownUs("op.write") : asStage;
    }

    private static double shownUs(String chart) {
        Matcher m = FIGURE.matcher(browser.text("[data-chart=\"" + chart + "\"] .readout"));
        if (!m.find()) {
            return Double.NaN;
        }
        double value = Double.parseDouble(m.group(1).replace(",", ""));
        return switch (m.group(2)) {
            case "s" -> value * 1e6;
            case "ms" -> value * 1e3;
            default -> value;
        };
    }

    /** The upper bound of the median's bucket: a mean would be that of the first writes, which take long. */
    private static double measuredUs(String url) throws Exception {
        String metrics = HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI.create(url + "metrics")).build(), HttpResponse.BodyHandlers.ofString())
                .body();
        List<MatchResult> buckets = BUCKET.matcher(metrics).results().toList();
        double half = Double.parseDouble(buckets.get(buckets.size() - 1).group(2)) / 2;
        return buckets.stream()
                .filter(b -> Double.parseDouble(b.group(2)) >= half)
                .mapToDouble(b -> Double.parseDouble(b.group(1).replace("+Inf", "Infinity")) * 1e6)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void shouldShowAClusterAtWorkAndTellWhenItIsLost(@TempDir Path folder) throws Exception {
        LiveCluster.assumeWanted("parallel");
        try (LiveCluster live = LiveCluster.start(folder, "64MiB", "parallel", "mapped", Map.of())) {
            int leader = live.cluster.awaitLeader();
            int follower = leader % 3 + 1;
            String url = "http://127.0.0.1:" + live.http(leader).getPort() + "/";
            browser.look(1280, 900, "light");
            try (PacedLoad load = new PacedLoad(live.nbd(leader), 0)) {
                browser.go(url);
                browser.await(
                        "three nodes, of which one leads",
                        () -> browser.count("#cluster .node") == 3
                                && browser.count("#cluster .link") == 2
                                && browser.count("#cluster [data-role=leader]") == 1
                                && browser.count("#cluster [data-role=follower]") == 2);
                assertThat(browser.text("h1")).isEqualTo("Parablock node " + leader + ", leader");
                browser.await(
                        "latencies",
                        () -> shownWritesUs() > 0 && browser.text("#work").contains("writes"));
                double measuredUs = measuredUs(url);
                assertThat(shownWritesUs()).isBetween(measuredUs / FACTOR, measuredUs * FACTOR);
                assertThat(browser.text("#facts")).contains("Committed to slot", "parallel", "mapped");
                browser.await("lag", () -> browser.text("[data-chart=lag]").contains("node " + follower));
                lookFromEverySide("leader");
                browser.go("http://127.0.0.1:" + live.http(follower).getPort() + "/");
                browser.await(
                        "a follower's view",
                        () -> browser.text("h1").endsWith("node " + follower + ", follower")
                                && browser.text("#cluster [data-role=leader]").startsWith(Integer.toString(leader)));
                assertThat(browser.console()).isEmpty();
                browser.go(url);
                browser.await("the page", () -> browser.text("#connection").equals("live"));
                requireNoForeignRequests(url);
                assertThat(browser.console()).isEmpty();
                assertThat(load.takeP99Ms()).isPositive();
            }
            live.process(leader).destroyForcibly().waitFor();
            browser.await(
                    "the loss to be told",
                    () -> browser.text("#alert").startsWith("Connection lost. It was last seen at "));
            assertThat(browser.text("#connection")).isEqualTo("no connection");
            assertThat(browser.count("#cluster .node")).isEqualTo(3);
            browser.shoot(PICTURES.resolve("lost-1280-light.png"));
        }
    }

    @Test
    void shouldShowAllThatANodeMayKnow() throws Exception {
        browser.look(1280, 900, "light");
        try (ShownNode node = ShownNode.leader()) {
            browser.go(node.url());
            browser.await(
                    "each stage",
                    () -> browser.count("#latency .chart") == 7
                            && Math.abs(shownUs("commit") - ShownNode.WRITE_US * 5 / 7.0) < ShownNode.WRITE_US / 3.0);
            assertThat(browser.eval("[...document.querySelectorAll('#latency h3')].map(e => e.textContent).join()"))
                    .isEqualTo("Received,Log durable,First acknowledgement,Quorum,Committed,Applied,Answered");
            assertThat(browser.text("#cluster [data-node=\"2\"]")).contains("1,200 slots behind");
            assertThat(browser.text("#cluster [data-node=\"3\"]")).contains("not connected");
            assertThat(browser.count("#cluster .link.away")).isEqualTo(1);
            assertThat(browser.text("#warnings")).contains("in service", ShownNode.WARNING);
            browser.await(
                    "the pace",
                    () -> browser.text("#rebuild").contains("of 8 GiB, ")
                            && browser.text("#rebuild").contains("left"));
            assertThat(browser.number("document.querySelector('#rebuild progress').value"))
                    .isPositive();
            browser.await("events", () -> browser.count("#events li") == 3);
            assertThat(browser.text("#events li")).contains(ShownNode.EVENT);
            assertThat(browser.text("#events .warn")).contains("warn: no connection to node 3");
            assertThat(browser.text("#order-note")).contains("4,096 commits 25 % overtook", "the farthest passed 300");
            // Of three pixels of the strip: in order; passed 256 to 511, in the middle; nothing there.
            assertThat(browser.eval(
                            "(() => { const s = document.querySelector('#order canvas'), c = document.createElement('canvas');"
                                    + "c.width = s.width; c.height = s.height;"
                                    + "const g = c.getContext('2d', { willReadFrequently: true }); g.drawImage(s, 0, 0);"
                                    + "const at = (x, row) => g.getImageData(c.width * x, c.height - row * 14 - 6, 1, 1).data[3] > 0;"
                                    + "return [at(0.2, 0), at(0.5, 9), at(0.2, 9)].join(); })()"))
                    .isEqualTo("true,true,false");
            lookFromEverySide("everything");
            requireNoForeignRequests(node.url());
            assertThat(browser.console()).isEmpty();
        }
    }

    @Test
    void shouldLeaveOutWhatAGatewayDoesNotHave() throws Exception {
        browser.look(1280, 900, "light");
        try (ShownNode gateway = ShownNode.gateway()) {
            browser.go(gateway.url());
            browser.await("the gateway", () -> browser.text("h1").equals("Parablock gateway"));
            browser.await(
                    "its nodes",
                    () -> browser.count("#cluster [data-node]") == 3
                            && browser.text("#cluster [data-role=leader]").startsWith("2")
                            && browser.count("#cluster .link.away") == 1);
            assertThat(browser.text("#facts"))
                    .contains("Resent", "Sessions lost")
                    .doesNotContain("Term", "Holes");
            assertThat(browser.eval("['warnings', 'events-section', 'order-section', 'rebuild-section']"
                            + ".every(id => document.getElementById(id).hidden)"))
                    .isEqualTo(true);
            lookFromEverySide("gateway");
            assertThat(browser.console()).isEmpty();
        }
    }

    @Test
    void shouldObeyTheKeyboard() throws Exception {
        browser.look(1280, 900, "light");
        try (ShownNode node = ShownNode.leader()) {
            browser.go(node.url());
            browser.await(
                    "some rows",
                    () -> browser.count("#latency .chart") == 7
                            && browser.number("JSON.parse(document.querySelector('#order canvas')?.dataset.drawn ?? 0)")
                                    > 0);
            // Of which the cursor takes two steps back.
            Thread.sleep(2_000);
            browser.tabTo("[data-chart=commit] .plot");
            browser.press(Keys.ARROW_LEFT);
            browser.press(Keys.ARROW_LEFT);
            String earlier = browser.text("#announce");
            assertThat(browser.text("[data-chart=commit] h3")).isEqualTo("Committed at " + earlier.substring(0, 8));
            assertThat(earlier).matches("\\d\\d:\\d\\d:\\d\\d: p50 .*, p99 .*, p99.9 .*");
            // One moment in all charts.
            assertThat(browser.number("[...document.querySelectorAll('.u-cursor-x')]"
                            + ".filter(e => new DOMMatrix(getComputedStyle(e).transform).e > 0).length"))
                    .isEqualTo(browser.count(".chart"));
            browser.press(Keys.HOME);
            assertThat(browser.text("#announce")).isLessThan(earlier);
            browser.press(Keys.ESCAPE);
            assertThat(browser.number("[...document.querySelectorAll('.u-cursor-x')]"
                            + ".filter(e => new DOMMatrix(getComputedStyle(e).transform).e > 0).length"))
                    .isZero();
            browser.tabTo(".strip .field");
            browser.press(Keys.HOME);
            assertThat(browser.text(".strip .moment"))
                    .startsWith("4,096 commits ago: 25 % overtook, the farthest passed");
            browser.press(Keys.ARROW_RIGHT);
            assertThat(browser.text(".strip .moment")).startsWith("4,064 commits ago");
            browser.click("#pause");
            assertThat(browser.text("#connection")).isEqualTo("paused");
            browser.click("#pause");
            browser.await("it goes on", () -> browser.text("#connection").equals("live"));
        }
    }
}
