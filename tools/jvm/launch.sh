# Finds a Java and starts the `parablock` command on it. The launcher of a source tree (tools/parablock) and the one of an
# installation (bin/parablock) both read this file, and so run with the same flags: those beside it.
#
# They set, for `launch`:
#   home      the folder that holds jvm/ or tools/jvm/
#   lib       the folder of jars
#   archives  the folder for class-data archives; empty: none
#   edition   INSTALLATION-JARS, what tells these jars from others whose archives are in the same folder; may be empty
#   lock      a file to lock while an archive is made
jvm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
java_min=17

die() {
    echo "parablock: $1" >&2
    exit "${2:-1}"
}

# The major version of the Java in $1, or 0 if there is none with the program $2. The `release` file is read first: it costs no
# JVM start.
java_major() {
    local version=""
    if [ -x "$1/bin/$2" ] && [ -x "$1/bin/java" ]; then
        [ -r "$1/release" ] && version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release")
        [ -n "$version" ] || version=$("$1/bin/java" -version 2>&1 | sed -n 's/^[a-z]* version "\([0-9]*\).*/\1/p')
    fi
    echo "${version:-0}"
}

# Sets java_home and java_version: JAVA_HOME if it will do, otherwise the newest there is. $1: javac or java, what it must have.
find_java() {
    local best=0 major candidate on_path="" what=JRE package=openjdk-17-jre-headless
    if [ -n "${JAVA_HOME:-}" ]; then
        major=$(java_major "$JAVA_HOME" "$1")
        if [ "$major" -ge "$java_min" ]; then
            java_home=$JAVA_HOME java_version=$major
            return
        fi
    fi
    if command -v "$1" > /dev/null; then
        on_path=$(dirname "$(dirname "$(readlink -f "$(command -v "$1")")")")
    fi
    for candidate in "$on_path" /usr/lib/jvm/* "${HOME:-}"/.sdkman/candidates/java/*; do
        [ -d "$candidate" ] || continue
        major=$(java_major "$candidate" "$1")
        if [ "$major" -gt "$best" ]; then
            best=$major java_home=$candidate
        fi
    done
    [ "$1" = java ] || what=JDK package=openjdk-17-jdk-headless
    [ "$best" -ge "$java_min" ] || die "needs a $what of version $java_min or newer (apt-get install $package)"
    java_version=$best
}

# A class-data archive: what a node loads, read and verified once for this Java, so that a start takes a part of the processor
# time. Nothing depends on it: if there is none, or if it does not fit (other jars, another Java), the JVM says nothing and
# reads the jars. $archive.args has the flags that use it, and no flag if none could be made.
make_archive() {
    local run="$archives/run" use=("# From launch.sh, see the log beside it.") maker
    mkdir -p "$archives" && [ -w "$archives" ] || return
    # Not by two commands at once.
    exec 9> "$lock" || return
    flock 9
    if [ ! -e "$archive.args" ]; then
        rm -rf "$run"
        # Those of earlier jars are of no use any more. Those of another installation are: a command of it may start just now.
        [ -z "$edition" ] || rm -f "$archives/jdk-$release-${edition%-*}-"*
        timeout -k 5 60 "$java_home/bin/java" "${flags[@]}" "@$jvm/node.args" "-XX:ArchiveClassesAtExit=$archive.new" \
            -cp "$classpath" io.parablock.tools.Parablock archive-run "$run" > "$archive.log" 2>&1 9>&- &
        maker=$!
        # Whoever stops the start stops this too, and the next start does it again.
        trap 'kill "$maker" 2> /dev/null || true; exit 143' TERM INT
        if wait "$maker"; then
            mv "$archive.new" "$archive.jsa" \
                && use+=("\"-XX:SharedArchiveFile=$archive.jsa\"" "-Xshare:auto" "-Xlog:cds*=off")
        fi
        trap - TERM INT
        # The same messages have another name there.
        [ "${#use[@]}" -eq 1 ] || [ "$java_version" -lt 25 ] || use+=("-Xlog:aot*=off")
        rm -rf "$run" "$archive.new"
        printf '%s\n' "${use[@]}" > "$archive.args.new" && mv "$archive.args.new" "$archive.args"
    fi
    exec 9>&-
}

# Becomes the command with the arguments that are given.
launch() {
    local terminal=false flags=("@$jvm/common.args") more=() classpath="$lib/*" release archive=""
    [ ! -t 1 ] || terminal=true
    [ "$java_version" -lt 24 ] || flags+=("@$jvm/jdk24.args")
    release=$(sed -n 's/^JAVA_RUNTIME_VERSION="\([A-Za-z0-9._+-]*\)"$/\1/p' "$java_home/release" 2> /dev/null || true)
    if [ -n "$release" ] && [ -n "$archives" ]; then
        archive="$archives/jdk-$release${edition:+-$edition}"
        case "${1:-}" in
            node | gateway | demo) [ -e "$archive.args" ] || make_archive 2> /dev/null || true ;;
        esac
    fi
    # Anything but a daemon is a short-lived command; a demo starts its daemons with node.args too.
    case "${1:-}:${2:-}" in
        node:stop) flags+=("@$jvm/command.args") ;;
        node:* | gateway:*)
            flags+=("@$jvm/node.args")
            # The last of two flags counts, so that this can say otherwise.
            read -r -d '' -a more <<< "${PARABLOCK_JAVA_OPTS:-}" || true
            flags+=("${more[@]}")
            ;;
        simulate:*) flags+=("@$jvm/simulate.args") ;;
        *) flags+=("@$jvm/command.args") ;;
    esac
    [ -z "$archive" ] || [ ! -r "$archive.args" ] || flags+=("@$archive.args" "-Dparablock.archive=$archive.args")
    exec "$java_home/bin/java" "${flags[@]}" "-Dparablock.home=$home" "-Dlauncher.terminal=$terminal" -cp "$classpath" \
        io.parablock.tools.Parablock "$@"
}
