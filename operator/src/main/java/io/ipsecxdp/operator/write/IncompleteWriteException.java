package io.ipsecxdp.operator.write;

import java.util.List;

/** Some writes failed; all others were done. The reconcile is to be tried again. */
public final class IncompleteWriteException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public IncompleteWriteException(List<Writes.Failure> failures) {
        super("%d writes failed, the first of them: %s"
                .formatted(failures.size(), failures.getFirst().what()));
    }
}
