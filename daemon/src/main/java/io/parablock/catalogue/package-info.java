/** Which volumes the cluster has that no configuration names: the record, the store it is kept in, and a node's note of its groups. */
@NullMarked
package io.parablock.catalogue;

import org.jspecify.annotations.NullMarked;
