package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import io.parablock.events.EventsPage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Against a page that the test makes. */
@Isolated("standard output")
class EventsCommandTest {
    private final List<String> asked = new ArrayList<>();
    private HttpServer server;
    private volatile String page = "";
    private volatile int code = 200;

    @BeforeEach
    void serve() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4);
        server.createContext("/events", exchange -> {
            asked.add(exchange.getRequestURI().getQuery());
            byte[] body = page.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(code, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private static String page(String process, int... numbers) {
        StringBuilder out = new StringBuilder("{\"process\":\"" + process + "\",\"events\":[");
        for (int n : numbers) {
            out.append(out.charAt(out.length() - 1) == '[' ? "" : ",")
                    .append("{\"number\":%d,\"at\":\"2026-11-22T10:00:0%dZ\",\"id\":\"PB-1204\",\"kind\":\"peer_lost\","
                            .formatted(n, n))
                    .append("\"group\":%d,\"level\":\"warn\",\"text\":\"lost\",\"fields\":{\"peer\":2}}"
                            .formatted(n - 1));
        }
        return out + "]}";
    }

    @Test
    void shouldPrintALineForEachEvent() {
        page = page("a", 1, 2);
        CommandRun run = CommandRun.of("events", "--http", url(), "--limit", "7");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out().lines())
                .containsExactly(
                        "2026-11-22T10:00:01Z WARN  PB-1204 peer_lost: lost",
                        "2026-11-22T10:00:02Z WARN  PB-1204 peer_lost: group 1: lost");
        assertThat(asked).containsExactly("since=0&limit=7");
    }

    @Test
    void shouldPrintJsonLinesSinceAnInstant() {
        page = page("a", 3);
        CommandRun run = CommandRun.of("events", "--http", url(), "--json", "--since", "2026-11-22T10:00:00Z");
        assertThat(run.out().lines().toList()).hasSize(1).first().asString().startsWith("{\"number\":3,");
        assertThat(asked).containsExactly("since=2026-11-22T10:00:00Z&limit=100");
    }

    @Test
    void shouldSayInOneLineThatNobodyAnswers() {
        code = 503;
        CommandRun run = CommandRun.of("events", "--http", url());
        assertThat(run.exitCode()).isEqualTo(CommandFailure.FAILED);
        assertThat(run.err().lines()).containsExactly("parablock: no events: " + url() + " does not answer: HTTP 503");
    }

    @Test
    void shouldBeginAnewWithANewProcess() throws Exception {
        EventSource source = new EventSource("1", URI.create(url()), "0", 100);
        page = page("a", 1, 2);
        assertThat(source.next()).extracting(EventsCommandTest::number).containsExactly(1, 2);
        page = page("a", 3);
        assertThat(source.next()).extracting(EventsCommandTest::number).containsExactly(3);
        page = page("b", 1, 2);
        assertThat(source.next()).extracting(EventsCommandTest::number).containsExactly(1, 2);
        assertThat(asked).containsExactly("since=0&limit=100", "since=2", "since=3", "since=0");
        code = 500;
        assertThatThrownBy(source::next).isInstanceOf(IOException.class).hasMessageContaining("HTTP 500");
        code = 200;
        page = page("b", 3);
        assertThat(source.next()).extracting(EventsCommandTest::number).containsExactly(3);
    }

    private static int number(JsonNode event) {
        return event.path("number").asInt();
    }

    @Test
    void shouldPrintThePageOfTheDocumentation() {
        assertThat(CommandRun.of("events", "--page").out()).isEqualTo(EventsPage.text());
    }
}
