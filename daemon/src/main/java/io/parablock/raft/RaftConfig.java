package io.parablock.raft;

import io.parablock.raft.membership.Members;
import java.util.Arrays;
import java.util.List;

/**
 * The core's settings. Times are nanoseconds of the caller's clock.
 *
 * @param voters all voters' ids, this node included; ids start at 1
 * @param span N: the look-behind span and the in-flight window, in slots; a power of two, 64..4096 (tests: from 4)
 * @param electionTimeoutNs the minimum election timeout; each one is drawn from [T, 2T)
 * @param retransmitNs an un-acknowledged slot is sent again after this long
 * @param retainSlotsMax how many applied slots the leader keeps for a lagging follower before it truncates without it
 * @param appendEntriesMax entries per Append frame
 * @param appendBytesMax payload bytes per Append frame
 * @param inFlightBytesMax payload bytes of uncommitted slots above which the leader proposes nothing more; and of committed
 *     ones that may be on their way to the block store
 * @param fetchSlotsMax slots per Fetch
 * @param sessionsMax open sessions per group
 * @param sessionWindow W: seq must be below floor + W
 * @param install limits of a streaming catch-up
 * @param lease whether and how reads rest on a lease
 * @param sessionExpiryNs a session whose gateway is silent for this long is expired
 * @param members the disk at each voter's seat, where neither log nor checkpoint says otherwise
 * @param incarnation of this node's disk; it counts where the members say so
 * @param reorderWindowNs a slot is sent again at once when one is acknowledged that was sent so much later; 0 is never
 */
public record RaftConfig(
        int groupId,
        int nodeId,
        int[] voters,
        Mode mode,
        int span,
        long electionTimeoutNs,
        long heartbeatIntervalNs,
        long retransmitNs,
        int retainSlotsMax,
        int appendEntriesMax,
        int appendBytesMax,
        long inFlightBytesMax,
        int fetchSlotsMax,
        int sessionsMax,
        int sessionWindow,
        boolean mapped,
        InstallConfig install,
        LeaseConfig lease,
        long sessionExpiryNs,
        Members members,
        long incarnation,
        long reorderWindowNs) {
    /** {@code raft.session_expiry}. */
    public static final long SESSION_EXPIRY_NS = 60_000_000_000L;

    /** {@code raft.reorder_window}. */
    public static final long REORDER_WINDOW_NS = 3_000_000L;

    public RaftConfig {
        if (Integer.bitCount(span) != 1 || span < 4 || span > 4096) {
            throw new IllegalArgumentException("span must be a power of two in 4..4096, not " + span);
        }
        voters = voters.clone();
        Arrays.sort(voters);
        if (Arrays.binarySearch(voters, nodeId) < 0) {
            throw new IllegalArgumentException("node " + nodeId + " is not among the voters");
        }
        List<Integer> ids = Arrays.stream(voters).boxed().toList();
        if (!List.copyOf(members.seats().keySet()).equals(ids)) {
            throw new IllegalArgumentException("voters " + ids + ", but seats of " + members);
        }
    }

    /** With the founding disks of a cluster whose incarnations nobody draws. */
    @SuppressWarnings("TooManyParameters")
    public RaftConfig(
            int groupId,
            int nodeId,
            int[] voters,
            Mode mode,
            int span,
            long electionTimeoutNs,
            long heartbeatIntervalNs,
            long retransmitNs,
            int retainSlotsMax,
            int appendEntriesMax,
            int appendBytesMax,
            long inFlightBytesMax,
            int fetchSlotsMax,
            int sessionsMax,
            int sessionWindow,
            boolean mapped,
            InstallConfig install,
            LeaseConfig lease,
            long sessionExpiryNs) {
        this(
                groupId,
                nodeId,
                voters,
                mode,
                span,
                electionTimeoutNs,
                heartbeatIntervalNs,
                retransmitNs,
                retainSlotsMax,
                appendEntriesMax,
                appendBytesMax,
                inFlightBytesMax,
                fetchSlotsMax,
                sessionsMax,
                sessionWindow,
                mapped,
                install,
                lease,
                sessionExpiryNs,
                Members.founders(voters),
                nodeId,
                REORDER_WINDOW_NS);
    }

    /** With room for 64 full Append frames in flight and the default limits of an install. */
    @SuppressWarnings("TooManyParameters")
    public RaftConfig(
            int groupId,
            int nodeId,
            int[] voters,
            Mode mode,
            int span,
            long electionTimeoutNs,
            long heartbeatIntervalNs,
            long retransmitNs,
            int retainSlotsMax,
            int appendEntriesMax,
            int appendBytesMax,
            int fetchSlotsMax,
            int sessionsMax,
            int sessionWindow,
            boolean mapped) {
        this(
                groupId,
                nodeId,
                voters,
                mode,
                span,
                electionTimeoutNs,
                heartbeatIntervalNs,
                retransmitNs,
                retainSlotsMax,
                appendEntriesMax,
                appendBytesMax,
                64L * appendBytesMax,
                fetchSlotsMax,
                sessionsMax,
                sessionWindow,
                mapped,
                InstallConfig.DEFAULTS,
                LeaseConfig.OFF,
                SESSION_EXPIRY_NS);
    }

    /** The defaults, as documented in the daemon's configuration. */
    public static RaftConfig defaults(int groupId, int nodeId, int[] voters) {
        return new RaftConfig(
                groupId,
                nodeId,
                voters,
                Mode.PARALLEL,
                1024,
                300_000_000L,
                50_000_000L,
                100_000_000L,
                1 << 20,
                64,
                1 << 20,
                1024,
                1024,
                4096,
                false);
    }

    /** The same with other limits of an install. */
    public RaftConfig withInstall(InstallConfig limits) {
        return with(limits, lease, sessionExpiryNs, members, incarnation, reorderWindowNs);
    }

    /** The same with reads by lease, or without. */
    public RaftConfig withLease(LeaseConfig reads) {
        return with(install, reads, sessionExpiryNs, members, incarnation, reorderWindowNs);
    }

    /** The same with another life of silent sessions. */
    public RaftConfig withSessionExpiryNs(long expiryNs) {
        return with(install, lease, expiryNs, members, incarnation, reorderWindowNs);
    }

    /** The same with these disks, and the own one. */
    public RaftConfig withMembers(Members disks, long ownIncarnation) {
        return with(install, lease, sessionExpiryNs, disks, ownIncarnation, reorderWindowNs);
    }

    /** The same with another reordering window. */
    public RaftConfig withReorderWindowNs(long windowNs) {
        return with(install, lease, sessionExpiryNs, members, incarnation, windowNs);
    }

    /** The same on another disk of the node. */
    public RaftConfig withIncarnation(long own) {
        return with(install, lease, sessionExpiryNs, members, own, reorderWindowNs);
    }

    private RaftConfig with(
            InstallConfig limits,
            LeaseConfig reads,
            long expiryNs,
            Members disks,
            long ownIncarnation,
            long reorderNs) {
        return new RaftConfig(
                groupId,
                nodeId,
                voters,
                mode,
                span,
                electionTimeoutNs,
                heartbeatIntervalNs,
                retransmitNs,
                retainSlotsMax,
                appendEntriesMax,
                appendBytesMax,
                inFlightBytesMax,
                fetchSlotsMax,
                sessionsMax,
                sessionWindow,
                mapped,
                limits,
                reads,
                expiryNs,
                disks,
                ownIncarnation,
                reorderNs);
    }

    /** The same for a block store of this size. */
    public RaftConfig withStoreBytes(long storeBytes) {
        return withInstall(new InstallConfig(
                storeBytes,
                install.pieceBytes(),
                install.windowPieces(),
                install.bytesPerSecond(),
                install.pinSlotsMax(),
                install.damagePinSlotsMax()));
    }

    public int quorum() {
        return voters.length / 2 + 1;
    }
}
