package io.ipsecxdp.agent.node;

/** Words for what went wrong between here and the API server. */
public final class Failures {

    private Failures() {}

    /** The innermost cause: what is around it is the client's own. */
    public static String cause(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String name = root.getClass().getSimpleName();
        return root.getMessage() == null ? name : name + ": " + root.getMessage();
    }
}
