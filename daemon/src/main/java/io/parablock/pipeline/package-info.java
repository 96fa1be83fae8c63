/** Which thread does what: the Disruptor wiring, and nothing else. */
@NullMarked
package io.parablock.pipeline;

import org.jspecify.annotations.NullMarked;
