package io.parablock.perf;

import java.net.InetSocketAddress;
import java.util.List;

/**
 * What a load does.
 *
 * @param addresses where the export is served; the first is used until its connection ends, then the next
 * @param depth requests in flight
 * @param blockBytes bytes per request, a multiple of 512
 * @param firstBlock the first block of the range the load works on, in units of {@code blockBytes}
 * @param blocks how many blocks the range has
 * @param readShare 0 for writes only, 1 for reads only
 * @param fua whether writes ask for FUA
 * @param warmUpNs completions before this are not recorded in the histogram
 * @param reconnect whether to connect again when the connection ends; otherwise its end is an error
 * @param seed picks the blocks; the same seed picks the same ones
 */
public record LoadSettings(
        List<InetSocketAddress> addresses,
        String export,
        int depth,
        int blockBytes,
        long firstBlock,
        int blocks,
        double readShare,
        boolean fua,
        long warmUpNs,
        boolean reconnect,
        long seed) {

    public LoadSettings {
        addresses = List.copyOf(addresses);
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException("a load needs an address");
        }
        if (depth < 1 || depth > NbdClient.IN_FLIGHT_MAX) {
            throw new IllegalArgumentException("depth is from 1 to " + NbdClient.IN_FLIGHT_MAX + ": " + depth);
        }
        if (blocks < depth) {
            throw new IllegalArgumentException("a load needs at least as many blocks as requests in flight");
        }
    }

    /** 4 KiB writes at one address, on the first 64 MiB of the export. */
    public static LoadSettings writes(InetSocketAddress address, String export, int depth) {
        return new LoadSettings(
                List.of(address), export, depth, 4096, 0, 16384, 0, false, 0, false, System.nanoTime() | 1);
    }

    public LoadSettings withRange(long first, int count) {
        return new LoadSettings(
                addresses, export, depth, blockBytes, first, count, readShare, fua, warmUpNs, reconnect, seed);
    }

    public LoadSettings withReadShare(double share) {
        return new LoadSettings(
                addresses, export, depth, blockBytes, firstBlock, blocks, share, fua, warmUpNs, reconnect, seed);
    }

    public LoadSettings withWarmUpNs(long ns) {
        return new LoadSettings(
                addresses, export, depth, blockBytes, firstBlock, blocks, readShare, fua, ns, reconnect, seed);
    }

    /** Goes on over {@code others} too when a connection ends. */
    public LoadSettings reconnecting(List<InetSocketAddress> others) {
        return new LoadSettings(
                others, export, depth, blockBytes, firstBlock, blocks, readShare, fua, warmUpNs, true, seed);
    }
}
