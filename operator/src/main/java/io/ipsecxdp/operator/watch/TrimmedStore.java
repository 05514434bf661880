package io.ipsecxdp.operator.watch;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.informers.cache.BasicItemStore;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import java.util.List;
import java.util.function.Consumer;

/** A store of an informer that lets go of what nobody here reads before it keeps an object. */
final class TrimmedStore<T extends HasMetadata> extends BasicItemStore<T> {
    private final Consumer<T> trim;

    private TrimmedStore(Consumer<T> trim) {
        super(Cache::metaNamespaceKeyFunc);
        this.trim = trim;
    }

    static <T extends HasMetadata> TrimmedStore<T> ofManagedFields() {
        return new TrimmedStore<>(TrimmedStore::dropManagedFields);
    }

    /** The images alone are most of a Node. */
    static TrimmedStore<Node> ofNodes() {
        return new TrimmedStore<>(node -> {
            dropManagedFields(node);
            node.getMetadata().setAnnotations(null);
            if (node.getStatus() != null) {
                node.getStatus().setImages(List.of());
                node.getStatus().setConditions(List.of());
            }
        });
    }

    private static void dropManagedFields(HasMetadata object) {
        object.getMetadata().setManagedFields(null);
    }

    @Override
    public T put(String key, T object) {
        trim.accept(object);
        return super.put(key, object);
    }
}
