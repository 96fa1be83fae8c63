package io.parablock.blockdev.nbd.conformance;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** All checks, and a runner for them. Checks run one after the other and write to the target's export. */
public final class ConformanceSuite {
    private static final List<Class<?>> GROUPS = List.of(
            GreetingChecks.class,
            OptionChecks.class,
            GoChecks.class,
            MetaContextChecks.class,
            ReadChecks.class,
            ChunkChecks.class,
            WriteChecks.class,
            ZeroChecks.class,
            StatusChecks.class,
            RequestChecks.class,
            ConnectionChecks.class,
            ExtendedChecks.class,
            ReadOnlyChecks.class);

    private ConformanceSuite() {}

    /** Runs every check against {@code target}; needs about a second and the deadlines of what fails. */
    public static List<Result> run(Target target) {
        return checks().map(check -> run(check, target)).toList();
    }

    /** Runs the checks of one group: the part of a check's name before the dot. */
    public static List<Result> run(Target target, String group) {
        return checks().filter(check -> name(check).startsWith(group + "."))
                .map(check -> run(check, target))
                .toList();
    }

    /** Runs checks, those of {@code group} first, until one fails. */
    static Optional<Result> firstFailure(Target target, Class<?> group) {
        Stream<Method> ordered = checks().sorted(Comparator.comparing(check -> check.getDeclaringClass() != group));
        return ordered.map(check -> run(check, target)).filter(Result::failed).findFirst();
    }

    /** A table for docs/nbd-conformance.md: name and heading of each check. */
    static List<String> table() {
        return checks().map(check -> "| " + name(check) + " | " + heading(check) + " |")
                .toList();
    }

    static Stream<Method> checks() {
        List<Method> checks = new ArrayList<>();
        for (Class<?> group : GROUPS) {
            Arrays.stream(group.getDeclaredMethods())
                    .filter(method -> method.isAnnotationPresent(Check.class))
                    .sorted(Comparator.comparing(Method::getName))
                    .forEach(checks::add);
        }
        return checks.stream();
    }

    static String name(Method check) {
        return check.getDeclaringClass().getSimpleName().replace("Checks", "") + "." + check.getName();
    }

    private static String heading(Method check) {
        return check.getAnnotation(Check.class).value();
    }

    private static Result run(Method check, Target target) {
        try (Probe probe = new Probe(target)) {
            check.invoke(null, probe);
            return result(check, Result.Outcome.PASSED, "");
        } catch (InvocationTargetException e) {
            Throwable cause = e.getCause();
            if (cause instanceof NotOffered skipped) {
                return result(check, Result.Outcome.SKIPPED, String.valueOf(skipped.getMessage()));
            }
            if (cause instanceof Violation violation) {
                return result(check, Result.Outcome.FAILED, String.valueOf(violation.getMessage()));
            }
            throw new AssertionError("the check " + name(check) + " is wrong", cause);
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }

    private static Result result(Method check, Result.Outcome outcome, String why) {
        return new Result(name(check), heading(check), outcome, why);
    }
}
