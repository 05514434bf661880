package io.ipsecxdp.bpf.jna;

import java.util.OptionalInt;
import java.util.stream.IntStream;

/** The ids of the XDP programs on an interface, by mode; 0 is none. */
public record XdpPrograms(int nativeId, int genericId, int offloadedId) {
    public OptionalInt any() {
        return IntStream.of(nativeId, genericId, offloadedId)
                .filter(id -> id != 0)
                .findFirst();
    }

    public boolean has(int id) {
        return id != 0 && (id == nativeId || id == genericId || id == offloadedId);
    }
}
