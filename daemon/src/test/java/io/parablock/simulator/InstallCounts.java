package io.parablock.simulator;

/** How many installs (protocol.md §7) a run had and how they ended, and its merges over every voter (§11). */
final class InstallCounts {
    /** The first piece of a new install id was taken by a process. */
    long begun;
    /** The end was durable. */
    long completed;
    /** The leader gave it up. */
    long aborted;
    /** The process died, or was stopped, while its store was neither old nor new. */
    long crashed;

    long everyVoterMerges;
    /** Seats that became vacant; that another disk counts at; lost disks that were put in again. */
    long disksGivenUp;

    long disksReplaced;
    long oldDisksBack;

    void addAll(InstallCounts other) {
        begun += other.begun;
        completed += other.completed;
        aborted += other.aborted;
        crashed += other.crashed;
        everyVoterMerges += other.everyVoterMerges;
        disksGivenUp += other.disksGivenUp;
        disksReplaced += other.disksReplaced;
        oldDisksBack += other.oldDisksBack;
    }

    /** What a batch of many runs must have seen and has not, or an empty text. */
    String missing() {
        return (begun == 0 ? " begun" : "") + (completed == 0 ? " completed" : "") + (crashed == 0 ? " crashed" : "");
    }

    @Override
    public String toString() {
        return "begun=" + begun + " completed=" + completed + " aborted=" + aborted + " crashed=" + crashed
                + " merges over every voter=" + everyVoterMerges
                + " disks given up=" + disksGivenUp + " replaced=" + disksReplaced + " back=" + oldDisksBack;
    }
}
