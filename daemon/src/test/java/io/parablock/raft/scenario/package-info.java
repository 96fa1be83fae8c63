/** Scenario files and random schedules over the consensus core, with checkers that do not trust its bookkeeping. */
@NullMarked
package io.parablock.raft.scenario;

import org.jspecify.annotations.NullMarked;
