package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.ProgramInfo;
import java.nio.file.Path;
import java.util.List;

/**
 * A dispatcher of libxdp.
 *
 * @param programId of the dispatcher itself
 * @param folder where it is pinned
 * @param components in the order in which they run
 */
record Dispatcher(int ifindex, int programId, Path folder, List<Component> components) {
    /** @param slot the name of its pins, without what it is */
    record Component(String slot, ProgramInfo program) {
        String name() {
            return "\"" + program.name() + "\" (id " + program.id() + ")";
        }
    }

    Dispatcher {
        components = List.copyOf(components);
    }

    /** Those that use a map. */
    List<Component> using(int mapId) {
        return components.stream()
                .filter(component -> component.program().maps().contains(mapId))
                .toList();
    }
}
