/** Meters of a node, for Prometheus. */
@NullMarked
package io.parablock.metrics;

import org.jspecify.annotations.NullMarked;
