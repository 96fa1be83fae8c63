/** The latency harness: an NBD client, a closed-loop load that verifies what it reads, and what they measure. */
@NullMarked
package io.parablock.perf;

import org.jspecify.annotations.NullMarked;
