package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.parablock.config.NodeConfig.LogFormat;
import io.parablock.config.NodeConfig.LogKeys;
import io.parablock.config.NodeConfig.LogLevel;
import io.parablock.events.EventKind;
import io.parablock.events.EventLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.slf4j.LoggerFactory;

/** The lines of a log file, read again. */
@Isolated("one log for all")
class ProcessLogTest {
    private static final String REASON = "said \"no\",\nthen a=b \\ and \u00e4\t$1";
    private static final Pattern TOKEN = Pattern.compile("([a-z_]+)=(\"(?:[^\"\\\\]|\\\\.)*\"|[^\\s\"=]+)(?: |$)");

    private static final Pattern OURS = Pattern.compile("ProcessLogTest|PB-1204|PB-1001");

    @TempDir
    Path folder;

    private final ProcessLog log = new ProcessLog();

    private static LogKeys keys(String target, LogFormat format) {
        return new LogKeys(target, LogLevel.INFO, format, 16, 4096, 10_000_000_000L);
    }

    @AfterEach
    void restore() {
        log.to(keys("stdout", LogFormat.TEXT));
        log.close();
    }

    private List<String> lines(LogFormat format) throws IOException {
        Path file = folder.resolve(format + ".log");
        log.to(keys(file.toString(), format));
        EventLog events = new EventLog(16);
        LoggerFactory.getLogger(ProcessLogTest.class).warn("a plain {}", "line\nof two");
        events.tell(EventKind.PEER_LOST, 0, "node 2 is lost: " + REASON, 2, REASON);
        events.tell(EventKind.LEADER_ELECTED, 3, "leader 2", 2, 5L, 214L);
        LoggerFactory.getLogger(ProcessLogTest.class).debug("not at this level");
        restore();
        // Threads that other tests have left behind may say something too.
        return Files.readAllLines(file).stream().filter(OURS.asPredicate()).toList();
    }

    @Test
    void shouldEndALineOfTextWithTheIdOfItsEvent() throws IOException {
        List<String> lines = lines(LogFormat.TEXT);
        assertThat(lines).hasSize(3);
        assertThat(lines.get(0)).endsWith(" WARN  ProcessLogTest a plain line of two");
        assertThat(lines.get(1))
                .contains(" WARN  EventLog node 2 is lost: said ")
                .endsWith(" event=PB-1204");
        assertThat(lines.get(2)).endsWith(" INFO  EventLog group 3: leader 2 event=PB-1001");
    }

    @Test
    void shouldWriteJsonThatCanBeReadAgain() throws IOException {
        List<String> lines = lines(LogFormat.JSON);
        assertThat(lines).hasSize(3);
        ObjectMapper json = new ObjectMapper();
        JsonNode plain = json.readTree(lines.get(0));
        assertThat(plain.path("message").asText()).isEqualTo("a plain line\nof two");
        assertThat(plain.has("event")).isFalse();
        JsonNode lost = json.readTree(lines.get(1));
        assertThat(lost.path("event").asText()).isEqualTo("PB-1204");
        assertThat(lost.path("kind").asText()).isEqualTo("peer_lost");
        assertThat(lost.path("level").asText()).isEqualTo("warn");
        assertThat(lost.path("logger").asText()).isEqualTo("EventLog");
        assertThat(lost.path("reason").asText()).isEqualTo(REASON);
        assertThat(lost.path("at").asText()).matches("\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z");
        JsonNode elected = json.readTree(lines.get(2));
        assertThat(elected.path("group").isInt()).isTrue();
        assertThat(elected.path("leaderless_ms").asLong()).isEqualTo(214);
        assertThat(elected.path("message").asText()).isEqualTo("group 3: leader 2");
    }

    @Test
    void shouldWriteLogfmtThatCanBeReadAgain() throws IOException {
        List<String> lines = lines(LogFormat.LOGFMT);
        assertThat(lines).hasSize(3);
        assertThat(logfmt(lines.get(0))).containsEntry("message", "a plain line\nof two");
        assertThat(logfmt(lines.get(1)))
                .containsEntry("event", "PB-1204")
                .containsEntry("reason", REASON)
                .containsEntry("peer", "2");
        assertThat(lines.get(2))
                .endsWith(
                        " level=info logger=EventLog message=\"group 3: leader 2\" event=PB-1001 kind=leader_elected group=3"
                                + " leader=2 term=5 leaderless_ms=214");
    }

    @Test
    void shouldKeepTheOrderOfLinesOverReloads() throws IOException {
        Path file = folder.resolve("order.log");
        int lines = 2_000;
        for (int i = 0; i < lines; i++) {
            if (i % 100 == 0) {
                log.to(keys(file.toString(), LogFormat.TEXT));
            }
            LoggerFactory.getLogger(ProcessLogTest.class).info("line {}", i);
        }
        log.close();
        LoggerFactory.getLogger(ProcessLogTest.class).info("line {}", lines);
        assertThat(Files.readAllLines(file).stream().filter(OURS.asPredicate()).map(l -> l.replaceAll(".* line ", "")))
                .containsExactlyElementsOf(IntStream.rangeClosed(0, lines)
                        .mapToObj(String::valueOf)
                        .toList());
    }

    /** Every character of the line belongs to a pair; a quoted value is JSON. */
    private static Map<String, String> logfmt(String line) throws IOException {
        Map<String, String> out = new LinkedHashMap<>();
        Matcher m = TOKEN.matcher(line);
        int end = 0;
        while (m.find()) {
            assertThat(m.start()).isEqualTo(end);
            end = m.end();
            String value = m.group(2);
            out.put(m.group(1), value.startsWith("\"") ? new ObjectMapper().readValue(value, String.class) : value);
        }
        assertThat(end).isEqualTo(line.length());
        return out;
    }
}
