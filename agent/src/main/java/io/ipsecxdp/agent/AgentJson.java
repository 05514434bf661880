package io.ipsecxdp.agent;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.deser.std.StringDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.quarkus.kubernetes.client.KubernetesClientObjectMapperCustomizer;
import jakarta.inject.Singleton;
import java.io.IOException;

/** How the API server's answers become values: of any version, and so that those of ten thousand SAs need little memory. */
@Singleton
class AgentJson implements KubernetesClientObjectMapperCustomizer {

    @Override
    public void customize(ObjectMapper mapper) {
        // A newer operator may say more than this agent knows
        mapper.disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
        // Who owns which field: as maps of maps that is more than all that a plan says
        mapper.configOverride(ObjectMeta.class)
                .setIgnorals(JsonIgnoreProperties.Value.forIgnoredProperties("managedFields"));
        mapper.registerModule(
                new SimpleModule("repeated strings").addDeserializer(String.class, new RepeatedStrings()));
    }

    /**
     * Makes one String of those that were equal a moment ago: SAs have their ends and reasons in common, and a status names
     * the entries of its spec again. Keys never come this way (KeySecrets).
     */
    private static final class RepeatedStrings extends StdScalarDeserializer<String> {

        /**
         * So many that of names and uids of ten thousand SAs half are alone in their place, and the next version of their slices
         * has the Strings of the last one; a power of two.
         */
        private static final int PLACES = 1 << 15;

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
