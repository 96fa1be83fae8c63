package io.parablock.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.raft.log.OriginRun;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.membership.Members;
import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.HardState;
import io.parablock.raft.state.SessionImage;
import io.parablock.raft.state.SyncRecord;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StateCodecTest {
    private static final Identity ID = new Identity(0x1234_5678_9abcL, 7, 2, 9);

    @Test
    void shouldReadBackMeta() {
        HardState hard = new HardState(5, 3, 4, 99);
        StateCodec.Meta meta = StateCodec.decodeMeta(StateCodec.encodeMeta(ID, hard));
        assertThat(meta.identity()).isEqualTo(ID);
        assertThat(meta.hardState()).isEqualTo(hard);
    }

    @Test
    void shouldReadBackASyncRecord() {
        SyncRecord r = new SyncRecord(
                4, 12, List.of(new OriginRun(1, 10, 2), new OriginRun(11, 12, 4)), List.of(new SlotRun(11, 12)));
        assertThat(StateCodec.decodeSyncRecord(StateCodec.encodeSyncRecord(r))).isEqualTo(r);
    }

    @Test
    void shouldReadBackACheckpoint() {
        Checkpoint c = new Checkpoint(
                20,
                List.of(new OriginRun(1, 20, 3)),
                List.of(new SessionImage(2, 1, 55, 66, 7, new long[] {7, 9}, new long[] {18, 20})),
                12);
        Checkpoint back = StateCodec.decodeCheckpoint(StateCodec.encodeCheckpoint(c));
        assertThat(back).usingRecursiveComparison().isEqualTo(c);
    }

    @Test
    void shouldRefuseWhatIsCutOffTooLongOrOfAnotherVersion() {
        byte[] good = StateCodec.encodeCheckpoint(new Checkpoint(20, List.of(new OriginRun(1, 20, 3)), List.of(), 12));
        for (int n = 0; n < good.length; n++) {
            byte[] cut = Arrays.copyOf(good, n);
            assertThatThrownBy(() -> StateCodec.decodeCheckpoint(cut))
                    .isInstanceOf(StateCodec.MalformedStateException.class);
        }
        assertThatThrownBy(() -> StateCodec.decodeCheckpoint(Arrays.copyOf(good, good.length + 1)))
                .hasMessageContaining("too many");
        good[0] = 4;
        assertThatThrownBy(() -> StateCodec.decodeCheckpoint(good)).hasMessageContaining("version 4");
    }

    @Test
    void shouldReadBackMembersThatHaveChangedAndWriteNoneOtherwise() {
        Members first = Members.founders(Map.of(1, 11L, 2, 22L, 3, 33L));
        Members now = first.with(3, first.seat(3).vacated().filledWith(34));
        Checkpoint c = new Checkpoint(20, List.of(new OriginRun(1, 20, 3)), List.of(), 12, 0, false, now);
        byte[] bytes = StateCodec.encodeCheckpoint(c);
        assertThat(StateCodec.decodeCheckpoint(bytes)).isEqualTo(c);
        assertThat(bytes[0]).isEqualTo(StateCodec.CHECKPOINT_WITH_MEMBERS);
        for (int n = 0; n < bytes.length; n++) {
            byte[] cut = Arrays.copyOf(bytes, n);
            assertThatThrownBy(() -> StateCodec.decodeCheckpoint(cut))
                    .isInstanceOf(StateCodec.MalformedStateException.class);
        }
        Checkpoint plain = new Checkpoint(20, List.of(new OriginRun(1, 20, 3)), List.of(), 12);
        assertThat(StateCodec.encodeCheckpoint(plain)[0]).isEqualTo(StateCodec.CHECKPOINT_VERSION);
    }

    @Test
    void shouldNameAnotherNodesDisk() {
        assertThatThrownBy(() -> ID.check(new Identity(0x1234_5678_9abcL, 7, 3, 9)))
                .hasMessage("the data directory belongs to node 3, not to node 2");
        assertThatThrownBy(() -> ID.check(new Identity(1, 7, 2, 9))).hasMessageContaining("belongs to cluster 1");
    }
}
