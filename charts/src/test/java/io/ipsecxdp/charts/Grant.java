package io.ipsecxdp.charts;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.api.model.rbac.RoleRef;
import io.fabric8.kubernetes.api.model.rbac.Subject;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One thing that one ServiceAccount may do.
 *
 * @param account namespace/name of the ServiceAccount
 * @param scope the namespace, or {@value #CLUSTER}
 * @param resource resource.group, with /subresource; or a URL of no resource, which begins with a slash
 * @param name the only object concerned; all if empty
 */
record Grant(String account, String scope, String resource, Optional<String> name, String verb) {
    static final String CLUSTER = "cluster";

    @Override
    public String toString() {
        return "%s | %s | %s%s | %s"
                .formatted(account, scope, resource, name.map(n -> "=" + n).orElse(""), verb);
    }

    /** What bindings and roles together allow. */
    static List<Grant> of(List<HasMetadata> objects) {
        return objects.stream()
                .flatMap(object -> switch (object) {
                    case ClusterRoleBinding binding ->
                        binding.getSubjects().stream()
                                .flatMap(subject -> rules(objects, binding.getRoleRef(), CLUSTER)
                                        .flatMap(rule -> expand(account(subject), CLUSTER, rule)));
                    case RoleBinding binding -> {
                        String namespace = binding.getMetadata().getNamespace();
                        yield binding.getSubjects().stream()
                                .flatMap(subject -> rules(objects, binding.getRoleRef(), namespace)
                                        .flatMap(rule -> expand(account(subject), namespace, rule)));
                    }
                    default -> Stream.empty();
                })
                .toList();
    }

    private static Stream<PolicyRule> rules(List<HasMetadata> objects, RoleRef ref, String scope) {
        return objects.stream()
                .filter(object -> object.getKind().equals(ref.getKind()))
                .filter(object -> object.getMetadata().getName().equals(ref.getName()))
                .flatMap(object -> switch (object) {
                    case ClusterRole role -> role.getRules().stream();
                    case Role role when role.getMetadata().getNamespace().equals(scope) -> role.getRules().stream();
                    default -> Stream.empty();
                });
    }

    private static Stream<Grant> expand(String account, String scope, PolicyRule rule) {
        if (!rule.getNonResourceURLs().isEmpty()) {
            return rule.getNonResourceURLs().stream()
                    .flatMap(url -> rule.getVerbs().stream()
                            .map(verb -> new Grant(account, scope, url, Optional.empty(), verb)));
        }
        List<Optional<String>> names = rule.getResourceNames().isEmpty()
                ? List.of(Optional.empty())
                : rule.getResourceNames().stream().map(Optional::of).toList();
        return rule.getApiGroups().stream()
                .flatMap(group -> rule.getResources().stream().map(resource -> qualified(resource, group)))
                .flatMap(resource -> names.stream()
                        .flatMap(name ->
                                rule.getVerbs().stream().map(verb -> new Grant(account, scope, resource, name, verb))));
    }

    private static String qualified(String resource, String group) {
        if (group.isEmpty()) {
            return resource;
        }
        String[] parts = resource.split("/", 2);
        return parts[0] + "." + group + (parts.length == 2 ? "/" + parts[1] : "");
    }

    private static String account(Subject subject) {
        if (!subject.getKind().equals("ServiceAccount")) {
            throw new AssertionError("bound to somebody else than a ServiceAccount: " + subject);
        }
        return subject.getNamespace() + "/" + subject.getName();
    }
}
