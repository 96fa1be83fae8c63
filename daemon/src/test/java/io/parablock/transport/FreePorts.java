package io.parablock.transport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Ports on loopback that nobody listens on, so that nodes know each other's before they start. */
final class FreePorts {
    private FreePorts() {}

    /** An address for each of these node ids. */
    static Map<Integer, InetSocketAddress> of(List<Integer> nodes) throws IOException {
        Map<Integer, InetSocketAddress> out = new TreeMap<>();
        List<ServerSocket> taken = new ArrayList<>();
        for (int id : nodes) {
            ServerSocket s = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
            taken.add(s);
            out.put(id, new InetSocketAddress(s.getInetAddress(), s.getLocalPort()));
        }
        for (ServerSocket s : taken) {
            s.close();
        }
        return out;
    }
}
