package io.ipsecxdp.agent.steering;

import io.ipsecxdp.agent.ledger.JournalChange;
import io.ipsecxdp.bpf.SteeringConfig;
import io.ipsecxdp.bpf.WantedXdpMode;
import io.ipsecxdp.linux.NetDevice;

/** One thing to do to the interfaces. */
sealed interface SteeringAction {

    /** Writes down what is ours. */
    record Write(JournalChange change) implements SteeringAction {}

    /** Puts the program on the interface, or adopts what is there of us. */
    record Open(DesiredSteering wanted, NetDevice device, WantedXdpMode mode, SteeringConfig config)
            implements SteeringAction {}

    /** Has the hardware leave VLAN tags in the frames. */
    record SwitchOff(DesiredSteering wanted, TagLoss loss) implements SteeringAction {}

    /** Changes CPUs or queues without a frame missing the program. */
    record Reconfigure(DesiredSteering wanted, SteeringConfig config) implements SteeringAction {}

    /** Ends the steering that was begun under this interface name. */
    record End(String interfaceName) implements SteeringAction {}
}
