/** Whose disks count: seats, their members, and quorums of them. */
@NullMarked
package io.parablock.raft.membership;

import org.jspecify.annotations.NullMarked;
