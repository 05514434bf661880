package io.ipsecxdp.charts;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What each process uses, and who reads the page, written down apart from the chart. The end-to-end tests prove that it is enough. */
final class RbacTable {
    private static final String USED = """
            operator | cluster        | securityassociations.ipsec-xdp.io                       | list watch
            operator | cluster        | securitypolicies.ipsec-xdp.io                           | list watch
            operator | cluster        | steeringpolicies.ipsec-xdp.io                           | list watch
            operator | cluster        | tunnels.ipsec-xdp.io                                    | list watch
            operator | cluster        | ipsecnodes.ipsec-xdp.io                                 | list watch
            operator | cluster        | keyshares.ipsec-xdp.io                                  | list watch
            operator | cluster        | nodeplans.ipsec-xdp.io                                  | list watch create patch delete
            operator | cluster        | tunnelpeers.ipsec-xdp.io                                | list watch create patch delete
            operator | cluster        | securityassociations.ipsec-xdp.io/status                | patch
            operator | cluster        | securitypolicies.ipsec-xdp.io/status                    | patch
            operator | cluster        | steeringpolicies.ipsec-xdp.io/status                    | patch
            operator | cluster        | tunnels.ipsec-xdp.io/status                             | patch
            operator | cluster        | nodes                                                   | list watch
            operator | cluster        | namespaces=ipsec-xdp                                    | get list watch
            operator | cluster        | tokenreviews.authentication.k8s.io                      | create
            operator | cluster        | subjectaccessreviews.authorization.k8s.io               | create
            operator | default        | events.events.k8s.io                                    | create
            operator | ipsec-xdp      | leases.coordination.k8s.io                              | list watch create
            operator | ipsec-xdp      | leases.coordination.k8s.io=ipsec-xdp-operator           | get update patch
            agent    | cluster        | nodeplans.ipsec-xdp.io                                  | list watch
            agent    | cluster        | tunnelpeers.ipsec-xdp.io                                | list watch
            agent    | cluster        | keyshares.ipsec-xdp.io                                  | list watch create patch
            agent    | cluster        | nodeplans.ipsec-xdp.io/status                           | patch
            agent    | cluster        | ipsecnodes.ipsec-xdp.io                                 | get create patch
            agent    | cluster        | ipsecnodes.ipsec-xdp.io/status                          | patch
            agent    | cluster        | nodes                                                   | get
            agent    | cluster        | tokenreviews.authentication.k8s.io                      | create
            agent    | cluster        | subjectaccessreviews.authorization.k8s.io               | create
            agent    | ipsec-xdp      | leases.coordination.k8s.io                              | create patch
            agent    | ipsec-xdp-keys | secrets                                                 | get
            agent    | default        | endpointslices.discovery.k8s.io=kubernetes              | get
            page     | cluster        | /page                                                   | get
            """;
    private static final Pattern COLUMN = Pattern.compile("\\s*\\|\\s*");

    static final String OPERATOR = "ipsec-xdp/ipsec-xdp-operator";
    static final String AGENT = "ipsec-xdp/ipsec-xdp-agent";

    private RbacTable() {}

    static List<Grant> used() {
        return USED.lines().flatMap(RbacTable::grants).toList();
    }

    private static Stream<Grant> grants(String line) {
        String[] column = COLUMN.split(line.strip());
        String[] resource = column[2].split("=", 2);
        Optional<String> name = resource.length == 2 ? Optional.of(resource[1]) : Optional.empty();
        String account = "ipsec-xdp/ipsec-xdp-" + column[0];
        return Stream.of(column[3].split(" ")).map(verb -> new Grant(account, column[1], resource[0], name, verb));
    }
}
