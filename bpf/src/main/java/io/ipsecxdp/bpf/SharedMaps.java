package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.Bpf;
import io.ipsecxdp.bpf.jna.BpfObject;
import io.ipsecxdp.bpf.jna.Fd;
import io.ipsecxdp.bpf.jna.MapInfo;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Maps that are pinned before a program that uses them is loaded; made where they are missing. */
final class SharedMaps implements AutoCloseable {
    private final Map<String, Fd> maps;

    private SharedMaps(Map<String, Fd> maps) {
        this.maps = maps;
    }

    /** @param object opened, need not be loaded: it says which shape each map has */
    static SharedMaps open(Path folder, BpfObject object, Collection<String> names) {
        Pins.create(folder);
        var maps = new HashMap<String, Fd>();
        try {
            names.forEach(name -> maps.put(name, open(folder.resolve(name), name, object.shape(name))));
        } catch (RuntimeException e) {
            maps.values().forEach(Fd::close);
            throw e;
        }
        return new SharedMaps(maps);
    }

    private static Fd open(Path pin, String name, MapInfo.Shape shape) {
        var there = Bpf.pinned(pin);
        if (there.isPresent() && Bpf.mapInfo(there.get()).shape().equals(shape)) {
            return there.get();
        }
        there.ifPresent(Fd::close);
        var made = Bpf.createMap(name, shape);
        try {
            Pins.replace(made, pin);
            return made;
        } catch (RuntimeException e) {
            made.close();
            throw e;
        }
    }

    /** Open as long as this is. */
    Fd map(String name) {
        return Optional.ofNullable(maps.get(name))
                .orElseThrow(() -> new IllegalStateException("the map " + name + " was not asked for"));
    }

    @Override
    public void close() {
        maps.values().forEach(Fd::close);
    }
}
