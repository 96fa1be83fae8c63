package io.parablock.wal;

/** When an append is reported durable (protocol.md §11). */
public enum Durability {
    /** After it is on stable storage. */
    FSYNC,
    /** Once it is in the memory-mapped log: it survives the process, not the machine. */
    MAPPED
}
