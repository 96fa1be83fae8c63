package io.parablock.config;

/** Whose configuration it is. */
public enum Role {
    NODE,
    /** A gateway that runs without a replica. */
    GATEWAY;

    /** Whether such a process has the key; for both it means the same. */
    public boolean has(Key key) {
        return this == NODE || key.ofGateways();
    }
}
