package io.ipsecxdp.xfrm;

import java.util.List;
import java.util.Set;

/**
 * What this kernel's XFRM can do, found by trying.
 *
 * @param saDirection an SA can say its direction ({@code XFRMA_SA_DIR}, Linux 6.10)
 * @param perCpuSa an SA can have an owner CPU ({@code XFRMA_SA_PCPU}, Linux 6.13)
 * @param esp the families in which an ESP SA can be installed
 * @param ah the families in which an AH SA can be installed
 * @param beet whether an SA can have BEET mode
 * @param aeads those that an ESP SA can have
 * @param ciphers those that an ESP SA can have
 * @param integrity those that an SA can have
 * @param missing one sentence for each thing that cannot be done, with the kernel's reason
 */
public record XfrmCapabilities(
        boolean saDirection,
        boolean perCpuSa,
        Set<AddressFamily> esp,
        Set<AddressFamily> ah,
        boolean beet,
        Set<Aead> aeads,
        Set<Cipher> ciphers,
        Set<AuthAlgorithm> integrity,
        List<String> missing) {

    public XfrmCapabilities {
        if (perCpuSa && !saDirection) {
            // verify_newsa_info in net/xfrm/xfrm_user.c: "SA_PCPU only supported with SA_DIR"
            throw new IllegalArgumentException("Owner CPUs need SA directions");
        }
        esp = Set.copyOf(esp);
        ah = Set.copyOf(ah);
        aeads = Set.copyOf(aeads);
        ciphers = Set.copyOf(ciphers);
        integrity = Set.copyOf(integrity);
        missing = List.copyOf(missing);
    }

    /** Whether an SA can have these algorithms. */
    public boolean has(Algorithms algorithms) {
        return switch (algorithms) {
            case Aead aead -> aeads.contains(aead);
            case CipherAndIntegrity(var cipher, var mac) ->
                cipher.stream().allMatch(ciphers::contains) && mac.stream().allMatch(integrity::contains);
        };
    }
}
