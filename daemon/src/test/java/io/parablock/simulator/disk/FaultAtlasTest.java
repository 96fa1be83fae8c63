package io.parablock.simulator.disk;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FaultAtlasTest {
    private static final Region SLOT = new Region.Slot(1, 5);

    @Test
    void shouldLetMinorityOfCopiesGoBad() {
        FaultAtlas three = new FaultAtlas(3);
        three.damaged(1, SLOT);
        assertThat(three.mayDamage(1, SLOT)).isTrue();
        assertThat(three.mayDamage(2, SLOT)).isFalse();
        assertThat(three.mayDamage(2, new Region.Slot(1, 6))).isTrue();
        assertThat(three.mayLose(2)).isFalse();
        assertThat(three.mayLose(1)).isTrue();
        FaultAtlas five = new FaultAtlas(5);
        five.damaged(1, SLOT);
        assertThat(five.mayDamage(2, SLOT)).isTrue();
        five.damaged(2, SLOT);
        assertThat(five.mayDamage(3, SLOT)).isFalse();
        five.repaired(1, SLOT);
        assertThat(five.mayDamage(3, SLOT)).isTrue();
    }

    @Test
    void shouldLetOneCopyOfMetaGoBadAnywhereAndBothOnMinority() {
        FaultAtlas atlas = new FaultAtlas(3);
        for (int node = 1; node <= 3; node++) {
            assertThat(atlas.mayDamage(node, new Region.Twin("META", node % 2))).isTrue();
            atlas.damaged(node, new Region.Twin("META", node % 2));
        }
        assertThat(atlas.isLost(1)).isFalse();
        assertThat(atlas.mayDamage(1, new Region.Twin("META", 0))).isTrue();
        atlas.damaged(1, new Region.Twin("META", 0));
        assertThat(atlas.isLost(1)).isTrue();
        assertThat(atlas.mayDamage(2, new Region.Twin("META", 1))).isFalse();
        assertThat(new FaultAtlas(1).mayDamage(2, List.of(new Region.Twin("META", 0), new Region.Twin("META", 1))))
                .isFalse();
    }

    @Test
    void shouldCountLostNodeAsBadCopyOfEverythingUntilRepairedOrRestored() {
        FaultAtlas atlas = new FaultAtlas(3);
        atlas.damaged(2, new Region.Vital());
        assertThat(atlas.mayDamage(1, SLOT)).isFalse();
        assertThat(atlas.mayDamage(1, new Region.Vital())).isFalse();
        atlas.repaired(2, new Region.Vital());
        assertThat(atlas.mayDamage(1, SLOT)).isTrue();
        atlas.lost(2);
        assertThat(atlas.mayDamage(1, SLOT)).isFalse();
        atlas.restored(2);
        assertThat(atlas.mayDamage(1, SLOT)).isTrue();
    }

    /** Node 1 would wait for node 2 for ever, and beside a third one that is lost too few are left. */
    @Test
    void shouldSilenceNobodyBeforeAllHaveMet() {
        List<Region> checkpoint = List.of(new Region.Vital(), new Region.Startup());
        FaultAtlas atlas = new FaultAtlas(5);
        atlas.unformed(1);
        atlas.unformed(3);
        atlas.formed(3);
        assertThat(atlas.mayDamage(2, checkpoint)).isFalse();
        assertThat(atlas.mayDamage(2, new Region.Vital()))
                .as("it goes on saying hello")
                .isTrue();
        atlas.damaged(2, new Region.Vital());
        assertThat(atlas.mayDamage(2, checkpoint)).isFalse();
        atlas.formed(1);
        assertThat(atlas.mayDamage(2, checkpoint)).isTrue();
        checkpoint.forEach(region -> atlas.damaged(4, region));
        assertThat(atlas.mayDamage(5, checkpoint)).as("two of five are lost").isFalse();
        assertThat(atlas.mayDamage(2, checkpoint)).isTrue();
    }

    @Test
    void shouldNameKindsThatNeverFired() {
        FaultAtlas atlas = new FaultAtlas(3);
        atlas.count(FaultKind.BIT_ROT);
        assertThat(atlas.silent()).doesNotContain(FaultKind.BIT_ROT).contains(FaultKind.WIPE);
    }

    /** Whatever is asked for: in every quorum some node has a good copy of every region. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 5})
    void shouldLeaveGoodCopyInEveryQuorum(int voters) {
        for (long seed = 0; seed < 50; seed++) {
            Random random = new Random(seed);
            FaultAtlas atlas = new FaultAtlas(voters);
            Map<Region, Set<Integer>> bad = new HashMap<>();
            Set<Integer> lost = new HashSet<>();
            for (int i = 0; i < 300; i++) {
                int node = random.nextInt(voters);
                List<Region> hit = new ArrayList<>(List.of(new Region.Slot(1, random.nextInt(6))));
                if (random.nextInt(10) == 0) {
                    hit.add(new Region.Vital());
                }
                if (random.nextInt(8) == 0 && lost.remove(node)) {
                    atlas.repaired(node, new Region.Vital());
                } else if (atlas.mayDamage(node, hit)) {
                    for (Region region : hit) {
                        atlas.damaged(node, region);
                        if (region instanceof Region.Vital && !lost.add(node)) {
                            atlas.repaired(node, region);
                        } else if (region instanceof Region.Vital) {
                            assertThat(atlas.isLost(node)).isTrue();
                        } else {
                            bad.computeIfAbsent(region, r -> new HashSet<>()).add(node);
                        }
                    }
                }
                bad.values().forEach(nodes -> {
                    Set<Integer> all = new HashSet<>(nodes);
                    all.addAll(lost);
                    assertThat(all.size()).isLessThan(voters / 2 + 1).isLessThanOrEqualTo((voters - 1) / 2);
                });
            }
        }
    }
}
