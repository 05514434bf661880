package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;

/** Where a key is: an entry of a Secret of type {@value Api#KEY_SECRET_TYPE} in the namespace of the keys. */
@ValidationRule(
        value = "size(self.name) > 0 && size(self.key) > 0",
        message = "keySecretRef needs the name of a Secret and the key of an entry in it")
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record KeySecretRef(
        @Required
        @JsonPropertyDescription(
                "Name of a Secret of type ipsec-xdp.io/key in the namespace of the keys (ipsec-xdp-keys).")
        @Size(max = 253)
        String name,

        @Required @JsonPropertyDescription("The entry under the Secret's data.") @Size(max = 253)
        String key) {

    @Override
    public String toString() {
        return name + "/" + key;
    }
}
