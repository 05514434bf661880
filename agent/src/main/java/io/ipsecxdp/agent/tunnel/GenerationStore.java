package io.ipsecxdp.agent.tunnel;

import java.util.Map;

/** What outlives the agent and does not outlive the boot. For one thread. */
public interface GenerationStore {

    /**
     * @param memory with none but generations whose private values are there
     * @param answered by uid of the tunnel, which request for new keys was answered last
     * @param inherited what of it was made beside another key ledger
     */
    record Content(TunnelMemory memory, Map<String, String> answered, Inherited inherited) {
        public static final Content NONE = new Content(TunnelMemory.EMPTY, Map.of(), Inherited.NONE);

        public Content {
            answered = Map.copyOf(answered);
        }
    }

    /** As it was read when the agent began. */
    Content content();

    /** The private values that go with it. */
    PrivateValues values();

    /** Keeps this, and the private values as they are now, and nothing else. */
    void write(Content content);
}
