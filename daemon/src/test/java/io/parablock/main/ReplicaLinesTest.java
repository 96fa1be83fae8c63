package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import com.sun.source.tree.AssignmentTree;
import com.sun.source.tree.BinaryTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.ConditionalExpressionTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.ParenthesizedTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreeScanner;
import io.parablock.events.EventKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Reads the sources of the core and the replica for every line that they tell: each has a kind. */
class ReplicaLinesTest {
    private static final Path SOURCES = Path.of("src", "main", "java", "io", "parablock");
    /** What stands in a line for a value; numbers are wanted where there is one. */
    private static final String VALUE = "7";
    /** Where a line is passed on that is made elsewhere, and found there. */
    private static final Set<String> PASSED_ON = Set.of("Replica.java", "DamageReport.java");

    private static final Set<String> TELLING = Set.of("onEvent", "onDamage", "tell");

    private final Map<String, List<String>> lines = new LinkedHashMap<>();

    @Test
    void shouldHaveAKindForEveryLine() throws IOException {
        readSources();
        List<String> without = new ArrayList<>();
        Set<EventKind> kinds = java.util.EnumSet.noneOf(EventKind.class);
        lines.forEach((file, told) -> told.forEach(line -> {
            EventKind kind = ReplicaLines.of(line).kind();
            kinds.add(kind);
            if (kind == EventKind.REPLICA_NOTE) {
                without.add(file + ": " + line);
            }
        }));
        assertThat(without)
                .as("give each of these a line in ReplicaLines, and EventKind a kind if there is none for it")
                .isEmpty();
        assertThat(lines.values().stream().mapToInt(List::size).sum())
                .as("the lines are found in the sources")
                .isGreaterThan(35);
        assertThat(kinds)
                .contains(EventKind.ELECTION_BEGUN, EventKind.ELECTION_OVER_EVERY_VOTER, EventKind.STATE_LOST)
                .contains(EventKind.AMNESIA, EventKind.BLOCKS_DAMAGED, EventKind.READ_FAILED, EventKind.CURED)
                .contains(EventKind.STATE_DAMAGED, EventKind.STATE_COPIES_LOST, EventKind.INSTALL_SEND_ABORTED);
    }

    private void readSources() throws IOException {
        List<Path> files = new ArrayList<>();
        for (String folder : List.of("raft", "replica")) {
            try (Stream<Path> walk = Files.walk(SOURCES.resolve(folder))) {
                walk.filter(f -> f.toString().endsWith(".java")).forEach(files::add);
            }
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null)) {
            JavacTask task = (JavacTask) compiler.getTask(
                    null, manager, null, List.of("-proc:none"), null, manager.getJavaFileObjectsFromPaths(files));
            for (CompilationUnitTree unit : task.parse()) {
                String file =
                        Path.of(unit.getSourceFile().getName()).getFileName().toString();
                new Lines(file).scan(unit, null);
            }
        }
    }

    /** The lines of one file. */
    private final class Lines extends TreeScanner<@Nullable Void, @Nullable Void> {
        private final String file;

        Lines(String file) {
            this.file = file;
        }

        private void found(ExpressionTree line) {
            for (String told : texts(line)) {
                if (!told.replace(VALUE, "").isBlank()) {
                    // NodeEvents takes the group away from what recovery says.
                    lines.computeIfAbsent(file, f -> new ArrayList<>()).add(told.replaceFirst("^group 7: ", ""));
                } else if (!PASSED_ON.contains(file)) {
                    throw new AssertionError(file + " tells a line that is made elsewhere: " + line);
                }
            }
        }

        @Override
        public @Nullable Void visitAssignment(AssignmentTree node, @Nullable Void p) {
            boolean cleared = node.getExpression().getKind() == Tree.Kind.NULL_LITERAL;
            if (!cleared && node.getVariable().toString().matches("(.*\\.)?output\\.event")) {
                found(node.getExpression());
            }
            return super.visitAssignment(node, null);
        }

        @Override
        public @Nullable Void visitMethodInvocation(MethodInvocationTree node, @Nullable Void p) {
            String method = node.getMethodSelect().toString();
            String name = method.substring(method.lastIndexOf('.') + 1);
            List<? extends ExpressionTree> arguments = node.getArguments();
            boolean tells = TELLING.contains(name) && (!name.equals("tell") || file.equals("DamageReport.java"));
            if (tells) {
                found(arguments.get(arguments.size() - 1));
            } else if (method.endsWith("notes.add")) {
                found(arguments.get(0));
            }
            return super.visitMethodInvocation(node, null);
        }
    }

    /** Everything that the expression can become, with {@link #VALUE} for what is no literal. */
    private static List<String> texts(ExpressionTree e) {
        if (e instanceof ParenthesizedTree p) {
            return texts(p.getExpression());
        }
        if (e instanceof ConditionalExpressionTree c) {
            List<String> out = new ArrayList<>(texts(c.getTrueExpression()));
            out.addAll(texts(c.getFalseExpression()));
            return out;
        }
        if (e instanceof BinaryTree b && b.getKind() == Tree.Kind.PLUS) {
            List<String> out = new ArrayList<>();
            for (String left : texts(b.getLeftOperand())) {
                for (String right : texts(b.getRightOperand())) {
                    out.add(left + right);
                }
            }
            return out;
        }
        return List.of(e instanceof LiteralTree l && l.getValue() instanceof String text ? text : VALUE);
    }

    @Test
    void shouldTellTheFieldsOfALine() {
        ReplicaLines.Told told =
                ReplicaLines.of("install 4 of node 3 aborted after 12 of 4096 bytes: the node restarted");
        assertThat(told.kind()).isEqualTo(EventKind.INSTALL_SEND_ABORTED);
        assertThat(told.fields())
                .containsEntry("install", 4L)
                .containsEntry("to", 3L)
                .containsEntry("done_bytes", 12L)
                .containsEntry("total_bytes", 4096L)
                .containsEntry("reason", "the node restarted");
        assertThat(ReplicaLines.of("node 2 did not take over in time: term 5 goes on")
                        .fields()
                        .keySet())
                .containsExactly("term", "to");
    }

    @Test
    void shouldTellWhyAnElectionBegins() {
        String line = "campaigning in term 5 (accepted term 4, contiguous prefix 12";
        assertThat(ReplicaLines.of(line + ")").fields())
                .containsExactly(
                        entry("term", 5L),
                        entry("accepted_term", 4L),
                        entry("contiguous_slot", 12L),
                        entry("reason", "heartbeat timeout"));
        assertThat(ReplicaLines.of(line + ", asked by the leader)").fields()).containsEntry("reason", "transfer");
        assertThat(ReplicaLines.of(line + ") for a merge over every voter: no quorum")
                        .kind())
                .isEqualTo(EventKind.ELECTION_OVER_EVERY_VOTER);
    }

    @Test
    void shouldMakeANoteOfAnUnknownLine() {
        assertThat(ReplicaLines.of("something new").kind()).isEqualTo(EventKind.REPLICA_NOTE);
        assertThat(ReplicaLines.of("something new").fields()).isEmpty();
    }
}
