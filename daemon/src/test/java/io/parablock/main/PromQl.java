package io.parablock.main;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which series an expression of Prometheus asks for, and which labels it needs of them. Checks no grammar. */
final class PromQl {
    private static final Set<String> WORDS =
            Set.of("and", "or", "unless", "bool", "offset", "group_left", "group_right", "inf", "nan");
    private static final Pattern STRING = Pattern.compile("\"(\\\\.|[^\"\\\\])*\"");
    private static final Pattern RANGE = Pattern.compile("\\[[^\\]]*\\]");
    private static final Pattern GROUPING = Pattern.compile("\\b(by|without|on|ignoring)\\s*\\(([^)]*)\\)");
    private static final Pattern SELECTOR =
            Pattern.compile("(?<![\\w.])([a-zA-Z_:][a-zA-Z0-9_:]*)\\s*(\\{[^}]*\\}|\\()?");
    private static final Pattern LABEL = Pattern.compile("([a-zA-Z_]\\w*)\\s*(=~|!=|!~|=)");

    /** By name of the series: the labels that it is selected by. */
    final Map<String, Set<String>> selected = new TreeMap<>();
    /** What results are grouped by. */
    final Set<String> grouped = new TreeSet<>();

    PromQl(String expression) {
        String rest = STRING.matcher(expression).replaceAll("\"\"");
        Matcher grouping = GROUPING.matcher(rest);
        while (grouping.find()) {
            for (String label : grouping.group(2).split(",", -1)) {
                grouped.add(label.trim());
            }
        }
        rest = RANGE.matcher(GROUPING.matcher(rest).replaceAll(" ")).replaceAll(" ");
        Matcher selector = SELECTOR.matcher(rest);
        while (selector.find()) {
            String braces = selector.group(2);
            if (!"(".equals(braces) && !WORDS.contains(selector.group(1))) {
                Set<String> labels = selected.computeIfAbsent(selector.group(1), name -> new HashSet<>());
                Matcher label = LABEL.matcher(braces == null ? "" : braces);
                while (label.find()) {
                    labels.add(label.group(1));
                }
            }
        }
    }
}
