package io.parablock.simulator.check;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Who has a method of its own for which kind of event. */
abstract class Listeners {
    private final List<ClusterEvents> all;
    private final List<Set<String>> own = new ArrayList<>();

    Listeners(List<ClusterEvents> all) {
        this.all = all;
        for (ClusterEvents l : all) {
            Set<String> names = new HashSet<>();
            for (Method m : l.getClass().getMethods()) {
                if (!m.getDeclaringClass().isInterface()) {
                    names.add(m.getName());
                }
            }
            own.add(names);
        }
    }

    /** Those with this method, in the order of all. */
    final ClusterEvents[] with(String method) {
        List<ClusterEvents> out = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            if (own.get(i).contains(method)) {
                out.add(all.get(i));
            }
        }
        return out.toArray(new ClusterEvents[0]);
    }
}
