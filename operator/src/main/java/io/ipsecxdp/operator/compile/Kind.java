package io.ipsecxdp.operator.compile;

/** Kinds of what users declare. */
public enum Kind {
    SECURITY_ASSOCIATION("SecurityAssociation"),
    SECURITY_POLICY("SecurityPolicy"),
    STEERING_POLICY("SteeringPolicy");

    private final String apiName;

    Kind(String apiName) {
        this.apiName = apiName;
    }

    @Override
    public String toString() {
        return apiName;
    }
}
