package io.parablock.wal;

/** What {@link WalListener#onDurable} promises. {@link Wal#force} means stable storage in both. */
public enum Durability {
    /** The record is on stable storage: it survives a power cut. */
    FSYNC,
    /** The record is in the memory-mapped file: it survives the death of the process, not of the machine. */
    MAPPED
}
