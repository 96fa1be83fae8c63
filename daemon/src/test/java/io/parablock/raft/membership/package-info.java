/** Tests of seats, members and their quorums. */
@NullMarked
package io.parablock.raft.membership;

import org.jspecify.annotations.NullMarked;
