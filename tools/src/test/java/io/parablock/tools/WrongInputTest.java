package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Wrong configurations and command lines: one line that names the place, the key and the range; exit code 2. */
class WrongInputTest {
    /** Lines 1 to 5; what a case adds begins in line 6. */
    private static final String SOUND = """
            cluster.id = demo
            node.id = 1
            node.data_dir = "/data"
            peers = [ { id = 1, address = "10.0.0.1:7000" }, { id = 2, address = "10.0.0.2:7000" } ]
            volumes = [ { name = demo, size = 1GiB } ]
            """;

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    raft.span = large                            | FILE:6: raft.span must be a number, not large
                    raft.span = 1000                             | FILE:6: raft.span must be a power of two, not 1000
                    raft.span = 8192                             | FILE:6: raft.span must be in 4..4096, not 8192
                    raft.election_timeout = 300 parsecs          | FILE:6: raft.election_timeout must be a time such as 50ms, not 300 parsecs
                    raft.election_timeout = 0                    | FILE:6: raft.election_timeout must be in 20ms..1min, not 0
                    raft.heartbeat_interval = 101ms              | FILE:6: raft.heartbeat_interval must be at most a third of raft.election_timeout
                    raft.election_timeout = 100ms                | FILE:6: raft.heartbeat_interval must be at most a third of raft.election_timeout
                    raft.session_expiry = -1s                    | FILE:6: raft.session_expiry must be in 10s..1d, not -1s
                    reads = lease~raft.election_timeout = 40ms~raft.heartbeat_interval = 10ms | FILE:7: raft.election_timeout must be at least 50ms with reads = lease
                    raft.spam = 64                               | FILE:6: unknown key raft.spam; did you mean raft.span?
                    nbd { handshake_timeot = 5s }                | FILE:6: unknown key nbd.handshake_timeot; did you mean nbd.handshake_timeout?
                    nbd = "127.0.0.1:10809"                      | FILE:6: nbd is the beginning of keys, such as nbd.listen
                    mode = paralel                               | FILE:6: mode must be one of [parallel, strict], not paralel
                    wal.segment_bytes = -4KiB                    | FILE:6: wal.segment_bytes must be a size such as 64MiB, not -4KiB
                    wal.segment_bytes = 2000000                  | FILE:6: wal.segment_bytes must be a multiple of 4KiB, not 2000000
                    wal.segment_bytes = 1TiB                     | FILE:6: wal.segment_bytes must be in 1MiB..512MiB, not 1TiB
                    wal.writes_in_flight = all                   | FILE:6: wal.writes_in_flight must be auto or a number, not all
                    wal.engine = direct~durability = mapped      | FILE:6: wal.engine direct is for durability fsync; use chronicle for mapped
                    gateway.request_timeout = 99ms               | FILE:6: gateway.request_timeout must be 0 or in 100ms..1d, not 99ms
                    gateway.session_window = 8192                | FILE:6: gateway.session_window must be at most raft.session_window
                    transport.queue_bytes_max = 1GiB             | FILE:6: transport.queue_bytes_hard must be at least twice transport.queue_bytes_max
                    transport.reconnect_min = 2s                 | FILE:6: transport.reconnect_min must be at most transport.reconnect_max
                    node.id = 3                                  | FILE:6: node.id 3 is not among peers
                    node.id = null                               | FILE: node.id is required
                    node.data_dir = ""                           | FILE:6: node.data_dir is required
                    cluster.id = [a, b]                          | FILE:6: cluster.id must be text, not [a, b]
                    nbd.listen = "10.0.0.1"                      | FILE:6: nbd.listen must be host:port, not 10.0.0.1
                    http.listen = "127.0.0.1:70000"              | FILE:6: http.listen must be host:port with a port in 0..65535, not 127.0.0.1:70000
                    http.listen = "127.0.0.1:10809"              | FILE:6: http.listen has 127.0.0.1:10809, which is in nbd.listen too
                    peers = 1                                    | FILE:6: peers must be a list of objects
                    peers = [ { id = 1, host = h } ]             | FILE:6: peers[0].port is required
                    peers = [ { host = h, port = 7000 } ]        | FILE:6: peers[0].id is required
                    peers = [ { id = 1, port = 1, host = a },~ { id = 1, port = 1, host = b } ] | FILE:7: peers[1].id 1 is there twice
                    peers = [ { id = 1, address = "a:1" },~ { id = 2, address = "a:1" } ] | FILE:7: peers[1].address of node 2 is the address of node 1 too: a:1
                    peers = [ { id = 1, adress = "a:1" } ]       | FILE:6: unknown key adress; did you mean address? (in peers[0])
                    volumes = [ { name = a } ]                   | FILE:6: volumes[0].size is required
                    volumes = [ { name = a, size = 5000 } ]      | FILE:6: volumes[0].size must be a multiple of 4KiB, not 5000
                    volumes = [ { name = a, size = 1PiB, chunk_size = 1MiB } ] | FILE:6: volumes[0].chunk_size is too small: the volumes have more than 1024 chunks
                    log.level = ${verbosity}                     | FILE:6: Could not resolve substitution to a value: ${verbosity}
                    include "more.conf"                          | FILE: cannot read the included file more.conf
                    """)
    void shouldNameWhatIsWrongInAFile(String lines, String expected) throws Exception {
        Path file = Files.writeString(folder.resolve("node1.conf"), SOUND + lines.replace("~", "\n") + "\n");
        String line = expected.replace("FILE", file.toString());
        assertThat(CommandRun.of("config", "--check", file.toString()))
                .isEqualTo(new CommandRun(2, "", "parablock: " + line + "\n"));
        assertThat(CommandRun.of("node", "-c", file.toString())).isEqualTo(new CommandRun(2, "", line + "\n"));
    }

    @Test
    void shouldNameAFileThatCannotBeRead() throws Exception {
        String absent = folder.resolve("absent.conf").toString();
        String empty = Files.createFile(folder.resolve("empty.conf")).toString();
        for (String[] each : new String[][] {
            {absent, absent + ": cannot read the configuration: no such file"},
            {folder.toString(), folder + ": this is a folder, and not a configuration"},
            {empty, empty + ": cluster.id is required"},
        }) {
            assertThat(CommandRun.of("config", "--check", each[0]))
                    .isEqualTo(new CommandRun(2, "", "parablock: " + each[1] + "\n"));
            assertThat(CommandRun.of("node", "-c", each[0])).isEqualTo(new CommandRun(2, "", each[1] + "\n"));
        }
    }

    @Test
    void shouldNameTheLineOfAMistakeInTheSyntax() throws Exception {
        Path file = Files.writeString(folder.resolve("node1.conf"), SOUND + "raft { span = 64\nmode = [parallel\n");
        CommandRun answer = CommandRun.of("config", "--check", file.toString());
        assertThat(answer.exitCode()).isEqualTo(2);
        assertThat(answer.err().lines()).hasSize(1);
        assertThat(answer.err()).startsWith("parablock: " + file + ":8: ").contains("end of file");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    statsu                              | unknown command statsu; did you mean status?
                    demo --nodse 3                      | unknown option --nodse of parablock demo; did you mean --nodes?
                    demo --nodes many                   | Invalid value for option '--nodes': 'many' is not an int
                    demo --nodes 9                      | --nodes is from 1 to 7: 9
                    demo stpo                           | unknown command stpo of parablock demo; did you mean stop?
                    demo --mode fast                    | Invalid value for option '--mode': expected one of [parallel, strict] (case-insensitive) but was 'fast'
                    node                                | Missing required option: '--config=FILE'
                    node -c                             | Missing required parameter for option '--config' (FILE)
                    node -c a.conf b.conf               | unexpected argument b.conf of parablock node
                    node stop --dir a --http b          | --dir=DIR, --http=URL are mutually exclusive (specify only one)
                    node stop --node two                | Invalid value for option '--node': 'two' is not an int
                    node stop --http http://a --node 1  | --node goes with --dir; --http names the node already
                    node stpo                           | unknown command stpo of parablock node; did you mean stop?
                    leader                              | give a command: transfer
                    leader transfre                     | unknown command transfre of parablock leader; did you mean transfer?
                    leader transfer --group one         | Invalid value for option '--group': 'one' is not an int
                    leader transfer --http https://a    | --http wants a URL like http://127.0.0.1:8080: https://a
                    status --watch 0                    | --watch is from 0.1 to 86400 seconds: 0.0
                    status --times 3                    | --times goes with --watch
                    status --watch --times 0            | --times is at least 1: 0
                    scrub --wathc                       | unknown option --wathc of parablock scrub; did you mean --watch?
                    support-bundle                      | Missing required option: '--out=FILE.tar.gz'
                    support-bundle --out a.zip          | --out ends in .tar.gz: a.zip
                    completion zsh                      | unexpected argument zsh of parablock completion
                    wal dump                            | Missing required parameter: 'DIR'
                    wal dump . --group first            | Invalid value for option '--group': 'first' is not an int
                    wal dupm .                          | unknown command dupm of parablock wal; did you mean dump?
                    status --http http://a --dir b      | --dir=DIR, --http=URL are mutually exclusive (specify only one)
                    bench --rounds 0                    | rounds 0, range 1 to 100
                    config                              | 'Missing required argument (specify one of these): (--check=FILE | --print[=FILE] | --explain=KEY | --page)'
                    config --explain                    | Missing required parameter for option '--explain' (KEY)
                    config --explain raft.spam          | unknown key raft.spam; did you mean raft.span?
                    config --explain mode --page        | --explain=KEY, --page are mutually exclusive (specify only one)
                    config --page --json                | --page is Markdown, and cannot be --json
                    config --chekc a.conf               | unknown option --chekc of parablock config; did you mean --check?
                    """)
    void shouldNameWhatIsWrongInACommandLine(String arguments, String line) {
        assertThat(CommandRun.of(arguments.split(" "))).isEqualTo(new CommandRun(2, "", "parablock: " + line + "\n"));
    }
}
