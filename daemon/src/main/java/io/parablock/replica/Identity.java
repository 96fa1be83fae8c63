package io.parablock.replica;

/**
 * Whose disk this is (META, protocol.md §1).
 *
 * @param incarnation a wiped disk is a new incarnation; the old one counts no more once it was given up
 */
public record Identity(long clusterId, int groupId, int nodeId, long incarnation) {
    /** @throws WrongIdentityException with one line for the operator, if the disk is another node's */
    public void check(Identity found) {
        if (found.clusterId != clusterId) {
            throw new WrongIdentityException("the data directory belongs to cluster "
                    + Long.toHexString(found.clusterId) + ", not to " + Long.toHexString(clusterId));
        }
        if (found.nodeId != nodeId) {
            throw new WrongIdentityException(
                    "the data directory belongs to node " + found.nodeId + ", not to node " + nodeId);
        }
        if (found.groupId != groupId) {
            throw new WrongIdentityException(
                    "the state file belongs to group " + found.groupId + ", not to group " + groupId);
        }
        if (found.incarnation != incarnation) {
            throw new WrongIdentityException("the state of group " + groupId + " is of another incarnation of node "
                    + nodeId + ": two data directories are mixed");
        }
    }

    /** A data directory of another cluster, node or group; the message is one line for the operator. */
    public static final class WrongIdentityException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        WrongIdentityException(String line) {
            super(line);
        }
    }
}
