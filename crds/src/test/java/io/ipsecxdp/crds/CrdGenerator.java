package io.ipsecxdp.crds;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.crdv2.generator.CRDGenerator;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceColumnDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceColumnDefinitionBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import io.fabric8.kubernetes.api.model.apiextensions.v1.ValidationRule;
import io.fabric8.kubernetes.api.model.apiextensions.v1.ValidationRuleBuilder;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Makes {@code crds/*.yaml} from the Java types: Fabric8's generator, and then what it has no annotation for. */
final class CrdGenerator {
    static final List<Class<? extends CustomResource<?, ?>>> KINDS = List.of(
            SecurityAssociation.class,
            SecurityPolicy.class,
            SteeringPolicy.class,
            Tunnel.class,
            NodePlan.class,
            TunnelPeers.class,
            KeyShare.class,
            IPsecNode.class);

    private static final String HEADER = """
            # Generated from crds/src/main/java by `make crds`. Change the types, not this file.
            """;

    /** Lists whose entries have an identity, so that server-side apply merges them by it; by field name. */
    private static final Map<String, List<String>> LIST_MAP_KEYS = Map.ofEntries(
            Map.entry("conditions", List.of("type")),
            Map.entry("failingNodes", List.of("node")),
            Map.entry("spec.securityAssociations", List.of("name")),
            Map.entry("spec.securityPolicies", List.of("name", "direction")),
            Map.entry("spec.steering", List.of("name")),
            Map.entry("status.securityAssociations", List.of("name")),
            Map.entry("status.securityPolicies", List.of("name", "direction")),
            Map.entry("status.steering", List.of("name", "interfaceName")),
            Map.entry("outcomes", List.of("outcome")));

    /** Lists that are sets of scalars; `interfaces` of an IPsecNode is a map by name. */
    private static final List<String> SETS =
            List.of("spec.interfaces", "algorithms", "integrityAlgorithms", "addresses");

    /** Kinds without a status: what one writer says is all there is. */
    private static final Set<Class<?>> ONLY_SAID = Set.of(TunnelPeers.class, KeyShare.class);

    /** Kinds that users declare, whose status says what became of that. */
    private static final Set<Class<?>> DECLARED =
            Set.of(SecurityAssociation.class, SecurityPolicy.class, SteeringPolicy.class, Tunnel.class);

    /** Kinds that users do not write, so that no rule has to explain to them what is wrong. */
    private static final Set<Class<?>> PLANNED = Set.of(NodePlan.class, TunnelPeers.class);

    /** Whose fields stand in the object around it, see {@link SaTerms}. */
    private static final String TERMS = "terms";

    private CrdGenerator() {}

    /** The files by name. */
    static SortedMap<String, String> generate(Path scratch) {
        new CRDGenerator()
                .inOutputDir(scratch.toFile())
                .forCRDVersions("v1")
                .customResourceClasses(List.copyOf(KINDS))
                .generate();
        var files = new TreeMap<String, String>();
        for (var kind : KINDS) {
            var crd = read(scratch.resolve(fileOfGenerator(kind)));
            files.put(
                    crd.getSpec().getNames().getPlural() + ".yaml", HEADER + Serialization.asYaml(finished(crd, kind)));
        }
        return files;
    }

    private static String fileOfGenerator(Class<? extends CustomResource<?, ?>> kind) {
        return CRDGenerator.getOutputName(CustomResource.getCRDName(kind), "v1") + ".yml";
    }

    private static CustomResourceDefinition read(Path file) {
        try {
            return Serialization.unmarshal(Files.readString(file), CustomResourceDefinition.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static CustomResourceDefinition finished(
            CustomResourceDefinition crd, Class<? extends CustomResource<?, ?>> kind) {
        var version = crd.getSpec().getVersions().getFirst();
        version.setAdditionalPrinterColumns(columns(kind));
        var schema = version.getSchema().getOpenAPIV3Schema();
        schema.setDescription(describe(kind));
        boolean onlyFacts = kind == IPsecNode.class;
        if (onlyFacts) {
            // The generator makes an empty object of Void
            schema.getProperties().remove("spec");
        }
        if (ONLY_SAID.contains(kind)) {
            schema.getProperties().remove("status");
            version.setSubresources(null);
        }
        schema.setRequired(onlyFacts ? null : List.of("spec"));
        schema.getProperties().forEach((part, properties) -> properties.setDescription(describe(part, kind)));
        unwrapTerms(schema, kind == NodePlan.class);
        if (kind == SecurityAssociation.class) {
            addRules(schema.getProperties().get("spec"), rulesOfChanges());
        }
        finish(schema, "");
        if (PLANNED.contains(kind)) {
            withoutRules(schema);
        }
        if (DECLARED.contains(kind)) {
            // kstatus takes an object without a status for one that is in force
            schema.getProperties()
                    .get("status")
                    .setDefault(JsonNodeFactory.instance.objectNode().put("observedGeneration", -1));
        }
        return crd;
    }

    /**
     * The generator does not know {@code @JsonUnwrapped}: it makes an object of what are fields of the object around it.
     *
     * @param planned nobody adds what a plan leaves out
     */
    private static void unwrapTerms(JSONSchemaProps schema, boolean planned) {
        if (schema.getProperties() != null) {
            Optional.ofNullable(schema.getProperties().remove(TERMS)).ifPresent(terms -> {
                if (planned) {
                    terms.getProperties().values().forEach(term -> term.setDefault(null));
                }
                var properties = new TreeMap<>(schema.getProperties());
                properties.putAll(terms.getProperties());
                schema.setProperties(properties);
                addRules(schema, terms.getXKubernetesValidations());
            });
            schema.getProperties().values().forEach(property -> unwrapTerms(property, planned));
        }
        if (schema.getItems() != null) {
            unwrapTerms(schema.getItems().getSchema(), planned);
        }
    }

    private static void addRules(JSONSchemaProps schema, List<ValidationRule> more) {
        var rules = new ArrayList<>(schema.getXKubernetesValidations());
        rules.addAll(more);
        schema.setXKubernetesValidations(rules);
    }

    /** What a change of each term means is said at the term ({@link WhenChanged}). */
    private static List<ValidationRule> rulesOfChanges() {
        return Arrays.stream(SaTerms.class.getRecordComponents())
                .filter(term -> term.getAnnotation(WhenChanged.class).value() == WhenChanged.Effect.REFUSED)
                .map(term -> new ValidationRuleBuilder()
                        .withRule(unchanged(term))
                        .withMessage(term.getName()
                                + " cannot change: declare a new SecurityAssociation with a new spi and key")
                        .build())
                .toList();
    }

    private static String unchanged(RecordComponent term) {
        String self = "self." + term.getName();
        String old = "oldSelf." + term.getName();
        return "has(%s) == has(%s) && (!has(%s) || %s == %s)".formatted(self, old, self, self, old);
    }

    /** What the operator plans was checked when it was declared; checking each of many entries again costs too much. */
    private static void withoutRules(JSONSchemaProps schema) {
        schema.setXKubernetesValidations(null);
        if (schema.getProperties() != null) {
            schema.getProperties().values().forEach(CrdGenerator::withoutRules);
        }
        if (schema.getItems() != null) {
            withoutRules(schema.getItems().getSchema());
        }
    }

    private static String describe(Class<?> kind) {
        return switch (kind.getSimpleName()) {
            case "SecurityAssociation" ->
                "One SA (RFC 4301), declared once and installed at every end that is a cluster node: outbound at the source, "
                        + "inbound at the destination.";
            case "SecurityPolicy" ->
                "One flow, declared once: a policy for direction out at the source, for in and fwd at the destination.";
            case "SteeringPolicy" ->
                "Which nodes and interfaces get the XDP program that brings each ESP packet to the CPU that owns its SA.";
            case "Tunnel" ->
                "Protection of what flows between nodes, with keys that the nodes agree between themselves and renew without "
                        + "losing a packet.";
            case "TunnelPeers" ->
                "The nodes of a Tunnel, or a slice of them. Written by the operator for the agents; there is no key in it.";
            case "KeyShare" ->
                "What one node says to the other nodes of its tunnels: the public halves of its keys, and how far it has come "
                        + "with theirs. Written by its agent.";
            case "NodePlan" ->
                "What one node must have (written by the operator) and what it has (written by its agent).";
            case "IPsecNode" -> "A node as its agent sees it: what its kernel can do, and how it does.";
            default -> throw new IllegalArgumentException("no description for " + kind);
        };
    }

    private static String describe(String part, Class<?> kind) {
        boolean planned = kind == NodePlan.class;
        return switch (part) {
            case "spec" ->
                planned ? "What the node must have." : ONLY_SAID.contains(kind) ? "What is." : "What is wanted.";
            case "status" -> planned ? "What the node has." : "What is, as the nodes report it.";
            default -> throw new IllegalArgumentException("no description for " + part);
        };
    }

    /** The generator sorts columns by their path; people want them as they were written. */
    private static List<CustomResourceColumnDefinition> columns(Class<?> kind) {
        return Arrays.stream(kind.getAnnotationsByType(AdditionalPrinterColumn.class))
                .map(column -> new CustomResourceColumnDefinitionBuilder()
                        .withName(column.name())
                        .withJsonPath(column.jsonPath())
                        .withType(column.type().name().toLowerCase(Locale.ROOT))
                        .withPriority(column.priority() == 0 ? null : column.priority())
                        .build())
                .toList();
    }

    private static void finish(JSONSchemaProps schema, String path) {
        if (schema.getXKubernetesValidations() != null) {
            schema.setXKubernetesValidations(List.copyOf(new LinkedHashSet<>(schema.getXKubernetesValidations())));
        }
        if ("integer".equals(schema.getType()) && schema.getFormat() == null) {
            schema.setFormat("int64");
        }
        if ("array".equals(schema.getType())) {
            finishList(schema, path);
        }
        if (schema.getProperties() != null) {
            schema.getProperties()
                    .forEach((name, property) -> finish(property, path.isEmpty() ? name : path + "." + name));
        }
    }

    private static void finishList(JSONSchemaProps list, String path) {
        var items = list.getItems().getSchema();
        String field = path.substring(path.lastIndexOf('.') + 1);
        var keys = LIST_MAP_KEYS.getOrDefault(path, LIST_MAP_KEYS.getOrDefault(field, List.of()));
        if (!keys.isEmpty()) {
            list.setXKubernetesListType("map");
            list.setXKubernetesListMapKeys(keys);
        } else if (path.equals("status.interfaces")) {
            list.setXKubernetesListType("map");
            list.setXKubernetesListMapKeys(List.of("name"));
        } else if (SETS.contains(path) || SETS.contains(field)) {
            list.setXKubernetesListType("set");
            // CEL's cost estimate needs a bound; it is wide, so that the rules' own sentences are what a user reads
            items.setMaxLength(253L);
        } else {
            list.setXKubernetesListType("atomic");
        }
        finish(items, path);
    }
}
