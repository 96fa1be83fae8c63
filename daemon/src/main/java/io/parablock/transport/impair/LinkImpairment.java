package io.parablock.transport.impair;

/**
 * What is wrong with a link. Every time is 0 to {@link #TIME_NS_MAX}, every probability 0 to 1, and 0 switches its part off.
 *
 * @param delayNs of each message
 * @param jitterNs at most so much more, uniformly distributed
 * @param stallProbability that a message, when it is its turn, holds the link
 * @param stallNs how long it does: what comes behind it waits, as in a TCP connection
 * @param lossProbability that a message is lost, and again each time that it is sent again
 * @param retransmitNs the pause before it is sent again, in which all behind it wait; the pauses of one message double
 * @param bytesPerSecond what the link takes; 0 for no limit
 */
public record LinkImpairment(
        long delayNs,
        long jitterNs,
        double stallProbability,
        long stallNs,
        double lossProbability,
        long retransmitNs,
        long bytesPerSecond) {
    /** Named limit: a minute. */
    public static final long TIME_NS_MAX = 60_000_000_000L;

    /** Named limit: a message that is lost so often gets through. */
    public static final int LOSSES_MAX = 6;

    public LinkImpairment {
        require(delayNs, "delay");
        require(jitterNs, "jitter");
        require(stallNs, "stall");
        require(retransmitNs, "retransmission pause");
        require(stallProbability, "probability of a stall");
        require(lossProbability, "probability of a loss");
        if (bytesPerSecond < 0) {
            throw new IllegalArgumentException("a bandwidth of " + bytesPerSecond + " bytes per second");
        }
    }

    private static void require(long ns, String what) {
        if (ns < 0 || ns > TIME_NS_MAX) {
            throw new IllegalArgumentException(what + " of " + ns + " ns, range 0 to 60 s");
        }
    }

    private static void require(double probability, String what) {
        // Written so that NaN is refused.
        if (!(probability >= 0 && probability <= 1)) {
            throw new IllegalArgumentException(what + " " + probability + ", range 0 to 1");
        }
    }

    /** Whether nothing is wrong. */
    public boolean isNone() {
        return delayNs == 0 && jitterNs == 0 && !stalls() && !loses() && bytesPerSecond == 0;
    }

    boolean stalls() {
        return stallProbability > 0 && stallNs > 0;
    }

    boolean loses() {
        return lossProbability > 0 && retransmitNs > 0;
    }

    /** For people: what is wrong. */
    @Override
    public String toString() {
        StringBuilder out = new StringBuilder();
        if (delayNs > 0) {
            out.append(", delay ").append(ms(delayNs));
        }
        if (jitterNs > 0) {
            out.append(", jitter ").append(ms(jitterNs));
        }
        if (stalls()) {
            out.append(", stall ")
                    .append(ms(stallNs))
                    .append(" with probability ")
                    .append(stallProbability);
        }
        if (loses()) {
            out.append(", loss with probability ")
                    .append(lossProbability)
                    .append(" and a pause of ")
                    .append(ms(retransmitNs));
        }
        if (bytesPerSecond > 0) {
            out.append(", ").append(bytesPerSecond).append(" bytes per second");
        }
        return out.isEmpty() ? "nothing" : out.substring(2);
    }

    private static String ms(long ns) {
        return ns % 1_000_000 == 0 ? ns / 1_000_000 + " ms" : ns / 1e6 + " ms";
    }
}
