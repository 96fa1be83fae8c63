package io.parablock.transport;

import io.parablock.replica.Formation;

/** Says who this node is, and decides whom it lets in (protocol.md §9). Called on event loops, several at a time. */
public interface Doorkeeper {
    /** What this node says in its hellos now. */
    Formation.Standing standing();

    /** Decides on a hello; never {@link Formation.Verdict#FORM}. */
    Formation.Answer onHello(int sender, Formation.Standing standing);

    /** Whether this node takes part in its cluster: gateways wait for that. */
    boolean isOpen();
}
