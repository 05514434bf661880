package io.ipsecxdp.agent;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.deser.std.StringDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;

/** The way to the API server, and how its answers become values: those of ten thousand SAs need little memory. */
final class ApiClient {

    /** Of a node that is busy: to give up early would make it busier. */
    private static final int PATIENCE_MILLIS = 30_000;

    private ApiClient() {}

    /** As the ServiceAccount of the pod, or as the kubeconfig has it; does not ask the API server for anything yet. */
    static KubernetesClient connect() {
        Config config = new ConfigBuilder()
                // A second attempt is our own: this one is short, because the next report replaces it
                .withRequestRetryBackoffLimit(1)
                .withConnectionTimeout(PATIENCE_MILLIS)
                .withRequestTimeout(PATIENCE_MILLIS)
                .build();
        return new KubernetesClientBuilder()
                .withConfig(config)
                .withKubernetesSerialization(serialization())
                .build();
    }

    static KubernetesSerialization serialization() {
        ObjectMapper mapper = new ObjectMapper();
        // Who owns which field: as maps of maps that is more than all that a plan says
        mapper.configOverride(ObjectMeta.class)
                .setIgnorals(JsonIgnoreProperties.Value.forIgnoredProperties("managedFields"));
        mapper.registerModule(
                new SimpleModule("repeated strings").addDeserializer(String.class, new RepeatedStrings()));
        // Does not search the class path: that would load every class of the client's model
        KubernetesSerialization serialization = new KubernetesSerialization(mapper, false);
        // With which the API server ends a watch: one whose resource version is too old begins anew, others go on
        serialization.registerKubernetesResource("v1", "Status", Status.class);
        return serialization;
    }

    /**
     * Makes one String of those that were equal a moment ago: SAs have their ends and reasons in common, and a status names
     * the entries of its spec again. Keys never come this way (KeySecrets).
     */
    private static final class RepeatedStrings extends StdScalarDeserializer<String> {

        /** For the entries of a few slices; a power of two. */
        private static final int PLACES = 4096;

        /** Without a lock: at worst a String is not shared. */
        private final transient String[] recent = new String[PLACES];

        RepeatedStrings() {
            super(String.class);
        }

        @Override
        public String deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            String text = StringDeserializer.instance.deserialize(parser, context);
            if (text == null) {
                return null;
            }
            int hash = text.hashCode();
            int place = (hash ^ hash >>> 16) & PLACES - 1;
            String before = recent[place];
            if (text.equals(before)) {
                return before;
            }
            recent[place] = text;
            return text;
        }
    }
}
