package io.parablock.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Properties;

/**
 * The page for people at {@code /}: its files come from the jar, its figures from {@code /live}. It asks no other server for
 * anything.
 */
final class LivePage {
    /** Where a page with the recent events is, if this process has one. */
    static final String EVENTS = "/events";

    private static final String CHARTS = "/META-INF/resources/webjars/uplot/";
    private static final String CHARTS_VERSION = "/META-INF/maven/org.webjars.npm/uplot/pom.properties";

    private final LiveSampler sampler;
    private final Routes routes;

    LivePage(LiveSampler sampler, Routes routes) {
        this.sampler = sampler;
        this.routes = routes;
    }

    void addTo(Routes target) {
        file(target, "/", "text/html", "/live/live.html");
        file(target, "/live.css", "text/css", "/live/live.css");
        for (String script : new String[] {"live", "charts", "cluster", "text"}) {
            file(target, "/" + script + ".js", "text/javascript", "/live/" + script + ".js");
        }
        file(target, "/live.svg", "image/svg+xml", "/live/live.svg");
        String charts = CHARTS + chartsVersion() + "/dist/";
        file(target, "/uplot.css", "text/css", charts + "uPlot.min.css");
        file(target, "/uplot.js", "text/javascript", charts + "uPlot.iife.min.js");
        target.page("/live", this::figures);
    }

    private Answer figures(Map<String, String> query) {
        long sinceMs;
        try {
            sinceMs = Long.parseLong(query.getOrDefault("since", "-1"));
        } catch (NumberFormatException e) {
            return Answer.error(400, "since is a number of milliseconds");
        }
        ObjectNode json = sampler.json(sinceMs);
        json.put("events", routes.hasPage(EVENTS));
        return Answer.json(json);
    }

    private static void file(Routes target, String path, String type, String resource) {
        String content = read(resource);
        target.page(path, query -> Answer.text(type + "; charset=utf-8", content));
    }

    /** The jar's folder is named after it; the version itself is in the parent pom only. */
    private static String chartsVersion() {
        Properties pom = new Properties();
        try (InputStream in = open(CHARTS_VERSION)) {
            pom.load(in);
        } catch (IOException e) {
            throw new IllegalStateException(CHARTS_VERSION, e);
        }
        return pom.getProperty("version");
    }

    private static String read(String resource) {
        try (InputStream in = open(resource)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException(resource, e);
        }
    }

    private static InputStream open(String resource) throws IOException {
        InputStream in = LivePage.class.getResourceAsStream(resource);
        if (in == null) {
            throw new IOException("the class path lacks " + resource);
        }
        return in;
    }
}
