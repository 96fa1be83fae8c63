package io.parablock.simulator.disk;

/** What a name stands for. */
sealed interface Inode permits SimulatedFile, SimulatedDirectory {}
