package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.List;

/** An interface of a node. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record NodeInterface(
        @Required @JsonPropertyDescription("Its name.") String name,

        @JsonPropertyDescription("Its addresses, without prefix lengths.")
        List<String> addresses,

        @JsonPropertyDescription("How our XDP program is attached: Native or Generic; absent if it is not.")
        XdpMode steering) {

    public NodeInterface {
        addresses = addresses == null ? List.of() : List.copyOf(addresses);
    }
}
