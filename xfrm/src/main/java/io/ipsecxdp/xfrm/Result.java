package io.ipsecxdp.xfrm;

import java.util.Optional;

/** What the kernel answered to one change; without an error it was done. */
public record Result(Change change, Optional<KernelError> error) {

    public boolean done() {
        return error.isEmpty();
    }
}
