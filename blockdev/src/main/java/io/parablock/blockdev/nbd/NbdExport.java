package io.parablock.blockdev.nbd;

/** One export; {@code sizeBytes} is a multiple of 512. */
public record NbdExport(String name, String description, long sizeBytes, boolean readOnly) {}
