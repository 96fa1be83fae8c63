/**
 * A disk made of sectors that loses, tears and damages what real ones do, under the production file formats.
 *
 * <pre>
 *   SectorNodeStorage        one node's data directory: log, META/SYNCREC/CKPT, block store
 *     FileBlockStore, FileStateStore, ChronicleWal + SectorWriter      production code
 *       SimulatedFileSystem, SimulatedFileChannel                      java.nio over
 *     DirectWal                                                        production code
 *       SectorIo         writes past the page cache, WriteInFlight     over
 *         SimulatedDisk      sectors and names, each durable or in the cache; faults by rate or on command
 *           DamageLedger     asks FaultAtlas (one per cluster) before damage, by what RegionMap says is there
 * </pre>
 *
 * What the disk cannot know is for its user to say: ask {@link io.parablock.simulator.disk.FaultAtlas#mayLose} before a
 * wipe, call {@code lost} when a power loss in durability=mapped leaves a node amnesiac, and {@code restored} when it is
 * cured or has rejoined.
 */
@NullMarked
package io.parablock.simulator.disk;

import org.jspecify.annotations.NullMarked;
