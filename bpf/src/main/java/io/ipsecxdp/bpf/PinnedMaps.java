package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.Bpf;
import io.ipsecxdp.bpf.jna.Fd;
import io.ipsecxdp.bpf.jna.MapInfo;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Maps that an earlier program left, by name. */
final class PinnedMaps implements AutoCloseable {
    private final Map<String, Fd> maps;

    private PinnedMaps(Map<String, Fd> maps) {
        this.maps = maps;
    }

    static PinnedMaps none() {
        return new PinnedMaps(Map.of());
    }

    static PinnedMaps open(Path folder, Collection<String> names) {
        var maps = new HashMap<String, Fd>();
        names.forEach(name -> Bpf.pinned(folder.resolve(name)).ifPresent(map -> maps.put(name, map)));
        return new PinnedMaps(maps);
    }

    /** The map of this name, if a program that expects this shape can use it. */
    Optional<Fd> fitting(String name, MapInfo.Shape shape) {
        return Optional.ofNullable(maps.get(name))
                .filter(map -> Bpf.mapInfo(map).shape().equals(shape));
    }

    @Override
    public void close() {
        maps.values().forEach(Fd::close);
    }
}
