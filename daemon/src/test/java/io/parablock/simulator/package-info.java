/** One seed drives a whole cluster: clock, network, disks, crashes, clients. */
@NullMarked
package io.parablock.simulator;

import org.jspecify.annotations.NullMarked;
