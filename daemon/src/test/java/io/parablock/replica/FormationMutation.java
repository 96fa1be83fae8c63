package io.parablock.replica;

import java.util.List;

/** {@link Formation} with its promise taken away. */
public enum FormationMutation {
    NONE,
    /** A node counts whatever disk it has, and takes part as soon as somebody has formed. */
    REUSED_ID;

    public Formation newFormation(int self, List<Integer> voters, Formation.Standing standing) {
        return new Formation(self, voters, standing, this == REUSED_ID);
    }
}
