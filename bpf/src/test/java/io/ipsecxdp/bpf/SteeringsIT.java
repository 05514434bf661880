package io.ipsecxdp.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@KernelTest
@Timeout(60)
class SteeringsIT {
    private static final SteeringConfig CPU_0 = SteeringConfig.of(Set.of(0), 512);

    private final BpfFolder bpffs = BpfFolder.mount();
    private final Namespace node = Namespace.make();
    private final Namespace peer = Namespace.make();
    private final Steerings steerings = new Steerings(bpffs.path().resolve("steering"), Capabilities.probe());

    @BeforeEach
    void connect() {
        node.veth("wire", peer, "wire");
    }

    @AfterEach
    void remove() {
        node.close();
        peer.close();
        bpffs.close();
    }

    @Test
    void anInterfaceWithoutXdpIsSteeredInNativeMode() {
        var opened = opened(open(XdpMode.AUTO, CPU_0));

        assertThat(opened.mode()).isEqualTo(AttachedMode.NATIVE);
        assertThat(opened.adopted()).isFalse();
        assertThat(opened.nativeRefused()).isEmpty();
        assertThat(opened.steering().state())
                .isEqualTo(new SteeringState(
                        node.device("wire").index(), new java.util.TreeMap<>(java.util.Map.of(0, 512))));
        opened.steering().close();
    }

    private OpenResult open(XdpMode mode, SteeringConfig config) {
        var wire = node.device("wire");
        return node.call(() -> steerings.open(wire, mode, config));
    }

    private static OpenResult.Opened opened(OpenResult result) {
        assertThat(result).isInstanceOf(OpenResult.Opened.class);
        return (OpenResult.Opened) result;
    }
}
