package io.parablock.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.parablock.metrics.NodeMeters;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The status server over raw sockets. */
class StatusServerTest {
    /** Below the time that a slow request has: whoever waits for that one fails. */
    private static final int AT_ONCE_MS = 3_000;

    private StatusServer server;

    @BeforeEach
    void start() throws IOException {
        server = StatusServer.bind(
                new InetSocketAddress("127.0.0.1", 0),
                () -> {
                    throw new IOException("no reading");
                },
                new Routes()
                        .action("/move", query -> Answer.text("text/plain", new TreeMap<>(query) + "\n"))
                        .action("/fail", query -> {
                            throw new IOException("not now");
                        }),
                new NodeMeters());
        server.start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private String exchange(byte[]... parts) throws Exception {
        try (Socket s = new Socket("127.0.0.1", server.address().getPort())) {
            s.setSoTimeout(AT_ONCE_MS);
            for (byte[] part : parts) {
                s.getOutputStream().write(part);
                Thread.sleep(parts.length > 1 ? 2 : 0);
            }
            return new String(s.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static byte[] ascii(String text) {
        return text.replace("~", "\r\n").getBytes(StandardCharsets.US_ASCII);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    GET / HTTP/1.1~Host: x~~           | 200 OK                  | <h1>Parablock
                    GET /?a=b HTTP/1.0~~               | 200 OK                  | <h1>Parablock
                    GET /status HTTP/1.1~Host: x~~     | 503 Service Unavailable | {"error":"no reading"}
                    GET /nowhere HTTP/1.1~Host: x~~    | 404 Not Found           | {"error":"no such page"}
                    GET /live?since=x HTTP/1.1~~       | 400 Bad Request         | {"error":"since is a number of milliseconds"}
                    POST / HTTP/1.1~Host: x~~          | 405 Method Not Allowed  | {"error":"only GET"}
                    HELO example~~                     | 400 Bad Request         | {"error":"not an HTTP request"}
                    GET / HTTP/2.0~~                   | 400 Bad Request         | {"error":"not an HTTP request"}
                    get / HTTP/1.1~~                   | 400 Bad Request         | {"error":"not an HTTP request"}
                    """)
    void shouldAnswerAndClose(String request, String status, String body) throws Exception {
        String answer = exchange(ascii(request));
        assertThat(answer).startsWith("HTTP/1.1 " + status + "\r\n").contains(body);
        byte[] whole = ascii(request);
        byte[][] bytes = new byte[whole.length][];
        for (int i = 0; i < whole.length; i++) {
            bytes[i] = new byte[] {whole[i]};
        }
        assertThat(exchange(bytes)).isEqualTo(answer);
    }

    /** All that the page names is served, and nothing of it is elsewhere. */
    @ParameterizedTest
    @CsvSource({
        "live.css, text/css",
        "live.js, text/javascript",
        "charts.js, text/javascript",
        "live.svg, image/svg+xml",
        "cluster.js, text/javascript",
        "text.js, text/javascript",
        "uplot.js, text/javascript",
        "uplot.css, text/css"
    })
    void shouldServeTheFilesOfThePage(String file, String type) throws Exception {
        assertThat(exchange(ascii("GET /" + file + " HTTP/1.1~~")))
                .startsWith("HTTP/1.1 200 OK\r\nContent-Type: " + type)
                .contains("\r\nContent-Security-Policy: default-src 'self'")
                .doesNotContainPattern("(src|href|import|from)[ =]*[\"']https?:");
        String page = exchange(ascii("GET / HTTP/1.1~~"));
        String modules = exchange(ascii("GET /live.js HTTP/1.1~~")) + exchange(ascii("GET /charts.js HTTP/1.1~~"));
        assertThat(page + modules).contains(file).doesNotContain("://");
    }

    @Test
    void shouldSayThatItHasNoFigures() throws Exception {
        String answer = exchange(ascii("GET /live HTTP/1.1~~"));
        for (int i = 0; i < 100 && !answer.contains("\"error\":\"no reading\""); i++) {
            Thread.sleep(20);
            answer = exchange(ascii("GET /live HTTP/1.1~~"));
        }
        assertThat(answer)
                .startsWith("HTTP/1.1 200 OK")
                .contains("\"error\":\"no reading\"", "\"nodes\":[]", "\"events\":false");
    }

    @Test
    void shouldActForAClientOfThisMachine() throws Exception {
        assertThat(exchange(ascii("POST /move?to=2&why=a%20b HTTP/1.1~Host: x~Content-Length: 0~~")))
                .startsWith("HTTP/1.1 200 OK")
                .endsWith("{to=2, why=a b}\n");
        assertThat(exchange(ascii("POST /move HTTP/1.1~~"))).endsWith("{}\n");
        assertThat(exchange(ascii("POST /fail HTTP/1.1~~")))
                .startsWith("HTTP/1.1 503 ")
                .endsWith("{\"error\":\"not now\"}\n");
        assertThat(exchange(ascii("GET /move HTTP/1.1~~")))
                .startsWith("HTTP/1.1 405 ")
                .contains("only POST");
    }

    @Test
    void shouldNotActForOthers() throws Exception {
        InetAddress other = NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .filter(a -> a instanceof Inet4Address && !a.isLoopbackAddress())
                .findFirst()
                .orElse(null);
        assumeTrue(other != null, "this machine has loopback addresses only");
        try (Socket s = new Socket("127.0.0.1", server.address().getPort(), other, 0)) {
            s.setSoTimeout(AT_ONCE_MS);
            s.getOutputStream().write(ascii("POST /move HTTP/1.1~~"));
            assertThat(new String(s.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("HTTP/1.1 403 Forbidden")
                    .contains("only from the machine itself");
        }
    }

    @Test
    void shouldSendNoBodyForHead() throws Exception {
        assertThat(exchange(ascii("HEAD / HTTP/1.1~~")))
                .startsWith("HTTP/1.1 200 OK\r\n")
                .endsWith("\r\n\r\n")
                .doesNotContain("Content-Length: 0");
    }

    @Test
    void shouldAnswerNonsenseAtOnce() throws Exception {
        Random random = new Random(7);
        for (int i = 0; i < 50; i++) {
            byte[] nonsense = new byte[1 + random.nextInt(100_000)];
            random.nextBytes(nonsense);
            nonsense[0] = (byte) random.nextInt('A');
            assertThat(exchange(nonsense)).startsWith("HTTP/1.1 400 Bad Request\r\n");
        }
        assertThat(exchange(ascii("GET /" + "a".repeat(9_000)))).startsWith("HTTP/1.1 400 Bad Request\r\n");
        assertThat(exchange(ascii("GET / HTTP/1.1~" + "Header: a~".repeat(2_000))))
                .startsWith("HTTP/1.1 400 Bad Request\r\n");
    }

    @Test
    void shouldServeOthersBesideClientsThatSayNothing() throws Exception {
        Socket[] silent = new Socket[40];
        for (int i = 0; i < silent.length; i++) {
            silent[i] = new Socket("127.0.0.1", server.address().getPort());
            silent[i].getOutputStream().write('G');
        }
        assertThat(exchange(ascii("GET / HTTP/1.1~~"))).startsWith("HTTP/1.1 200 OK");
        for (Socket s : silent) {
            s.close();
        }
    }
}
