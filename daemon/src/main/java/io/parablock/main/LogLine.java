package io.parablock.main;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.encoder.EncoderBase;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.config.NodeConfig;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.slf4j.event.KeyValuePair;

/**
 * A line of the log for programs: {@code at}, {@code level}, {@code logger} and {@code message}, and what the line carries besides,
 * each as a key of its own, as JSON or as logfmt. Logback's own encoder for JSON writes the latter as a list of objects, and
 * the time as a number. Stack traces are left out, as in the text.
 */
final class LogLine extends EncoderBase<ILoggingEvent> {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** What logfmt may say without quotes. */
    private static final Pattern PLAIN = Pattern.compile("[^\\s\"=\\\\\\p{Cntrl}]+");

    private final boolean json;

    /** @param format one of those for programs */
    LogLine(NodeConfig.LogFormat format) {
        this.json = format == NodeConfig.LogFormat.JSON;
    }

    @Override
    public byte[] headerBytes() {
        return new byte[0];
    }

    @Override
    public byte[] footerBytes() {
        return new byte[0];
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        ObjectNode line = line(event);
        return ((json ? line.toString() : logfmt(line)) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    private static ObjectNode line(ILoggingEvent event) {
        ObjectNode line = JsonNodeFactory.instance.objectNode();
        Instant at = Instant.ofEpochMilli(event.getTimeStamp()).truncatedTo(ChronoUnit.MILLIS);
        line.put("at", at.toString());
        line.put("level", event.getLevel().toString().toLowerCase(Locale.ROOT));
        String logger = event.getLoggerName();
        line.put("logger", logger.substring(logger.lastIndexOf('.') + 1));
        line.put("message", event.getFormattedMessage());
        if (event.getKeyValuePairs() != null) {
            for (KeyValuePair pair : event.getKeyValuePairs()) {
                if (pair.value instanceof Number n) {
                    line.put(pair.key, n.longValue());
                } else {
                    line.put(pair.key, String.valueOf(pair.value));
                }
            }
        }
        return line;
    }

    /** Quoted as JSON is, where it needs to be. */
    private static String logfmt(ObjectNode line) {
        StringBuilder out = new StringBuilder();
        for (Map.Entry<String, JsonNode> field : line.properties()) {
            String value = field.getValue().asText();
            out.append(out.isEmpty() ? "" : " ").append(field.getKey()).append('=');
            out.append(PLAIN.matcher(value).matches() ? value : quoted(value));
        }
        return out.toString();
    }

    private static String quoted(String value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a text is always JSON", e);
        }
    }
}
