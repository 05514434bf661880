package io.ipsecxdp.crds;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.lang.reflect.Constructor;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What operator and agents apply (server-side apply) leaves out what there is not: an empty string, an empty list or null is a
 * value, which has an owner, and which API servers treat in different ways.
 */
class AppliedJsonTest {
    /** Where an empty list says something else than an absent one. */
    private static final Set<String> MEANT = Set.of("NodeCapabilities.integrityAlgorithms");

    private static final List<Class<?>> APPLIED = List.of(
            NodePlanSpec.class,
            NodePlanStatus.class,
            TunnelPeersSpec.class,
            KeyShareSpec.class,
            IPsecNodeStatus.class,
            FlowStatus.class,
            SecurityAssociationStatus.class,
            SteeringStatus.class,
            TunnelStatus.class);

    private final KubernetesSerialization serialization = new KubernetesSerialization();

    static Stream<Class<?>> whatIsApplied() {
        var found = new LinkedHashSet<Class<?>>(APPLIED);
        var left = new ArrayDeque<>(APPLIED);
        while (!left.isEmpty()) {
            Arrays.stream(left.pop().getRecordComponents())
                    .map(component -> element(component.getGenericType()))
                    .filter(Class::isRecord)
                    .filter(found::add)
                    .forEach(left::add);
        }
        return found.stream();
    }

    @ParameterizedTest
    @MethodSource("whatIsApplied")
    void whatIsEmptyIsLeftOut(Class<?> type) {
        assertThat(empties(json(withoutAnything(type)), type.getSimpleName())).isEmpty();
    }

    /**
     * Of a component that is absent nothing is written: a method that Jackson takes for its getter would write something, which
     * is then read as another value than the one that the writer compares with.
     */
    @ParameterizedTest
    @MethodSource("whatIsApplied")
    void whatIsAbsentIsLeftOut(Class<?> type) throws ReflectiveOperationException {
        Object nothing = withoutAnything(type);
        JsonNode written = json(nothing);

        for (RecordComponent component : type.getRecordComponents()) {
            if (component.getAccessor().invoke(nothing) == null) {
                assertThat(written.has(component.getName()))
                        .as(component.toString())
                        .isFalse();
            }
        }
    }

    static Stream<CustomResource<?, ?>> appliedObjects() {
        return Stream.of(
                filled(new NodePlan(), withoutAnything(NodePlanSpec.class), withoutAnything(NodePlanStatus.class)),
                filled(new NodePlan(), null, withoutAnything(NodePlanStatus.class)),
                filled(new NodePlan(), withoutAnything(NodePlanSpec.class), null),
                filled(new IPsecNode(), null, withoutAnything(IPsecNodeStatus.class)),
                filled(new IPsecNode(), null, null),
                filled(new SecurityAssociation(), null, withoutAnything(SecurityAssociationStatus.class)),
                filled(new SecurityPolicy(), null, withoutAnything(FlowStatus.class)),
                filled(new SteeringPolicy(), null, withoutAnything(SteeringStatus.class)),
                filled(new Tunnel(), null, withoutAnything(TunnelStatus.class)),
                filled(new TunnelPeers(), withoutAnything(TunnelPeersSpec.class), null),
                filled(new KeyShare(), withoutAnything(KeyShareSpec.class), null));
    }

    @ParameterizedTest
    @MethodSource("appliedObjects")
    void anObjectHasWhatItIsAboutAndNothingEmpty(CustomResource<?, ?> object) {
        assertThat(empties(json(object), object.getKind())).isEmpty();
    }

    @Test
    void aKernelWithoutAnAlgorithmForIntegrityIsNotOneOfWhichItIsNotKnown() {
        var none = new NodeCapabilities(true, List.of(), List.of(), null, null, true, true, true);

        assertThat(json(none).get("integrityAlgorithms")).isEmpty();
    }

    @Test
    void trafficOfPodsIsSaidByAnEmptyObject() {
        JsonNode json = json(TunnelTraffic.ofPods());

        assertThat(json).hasToString("{\"pods\":{}}");
        assertThat(serialization.unmarshal(json.toString(), TunnelTraffic.class))
                .isEqualTo(TunnelTraffic.ofPods());
    }

    private JsonNode json(Object value) {
        return serialization.unmarshal(serialization.asJson(value), JsonNode.class);
    }

    private static <S, T> CustomResource<S, T> filled(CustomResource<S, T> object, S spec, T status) {
        object.setMetadata(new ObjectMetaBuilder().withName("a").build());
        object.setSpec(spec);
        object.setStatus(status);
        return object;
    }

    /** With an empty string for each string, an empty list for each list, and null for all else. */
    private static <T> T withoutAnything(Class<T> type) {
        var components = type.getRecordComponents();
        try {
            Constructor<T> constructor = type.getDeclaredConstructor(
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class[]::new));
            return constructor.newInstance(
                    Arrays.stream(components).map(AppliedJsonTest::nothing).toArray());
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(type.getSimpleName() + " cannot be made of nothing", e);
        }
    }

    private static Object nothing(RecordComponent component) {
        var type = component.getType();
        if (type == String.class) {
            return "";
        }
        if (type == List.class) {
            return MEANT.contains(component.getDeclaringRecord().getSimpleName() + "." + component.getName())
                    ? null
                    : List.of();
        }
        return type == Map.class ? Map.of() : null;
    }

    private static Class<?> element(Type type) {
        return type instanceof ParameterizedType list
                ? (Class<?>) list.getActualTypeArguments()[list.getActualTypeArguments().length - 1]
                : (Class<?>) type;
    }

    /** The places of what is empty; an object that is itself empty, as an empty spec, is none. */
    private static List<String> empties(JsonNode node, String path) {
        var found = new ArrayList<String>();
        if (node.isNull() || node.isTextual() && node.textValue().isEmpty() || node.isArray() && node.isEmpty()) {
            found.add(path);
        }
        node.properties().forEach(field -> found.addAll(empties(field.getValue(), path + "." + field.getKey())));
        for (int i = 0; node.isArray() && i < node.size(); i++) {
            found.addAll(empties(node.get(i), path + "[" + i + "]"));
        }
        return found;
    }
}
