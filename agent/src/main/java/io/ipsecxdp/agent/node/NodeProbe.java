package io.ipsecxdp.agent.node;

import io.ipsecxdp.agent.plan.ApiServerWay;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.xfrm.links.Link;
import io.ipsecxdp.xfrm.links.Links;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** Reads facts from /proc and /sys, and from the network namespace of this process. */
public final class NodeProbe {

    /** Of both families, in spite of its path (Documentation/networking/ip-sysctl.rst). */
    private static final Path LOCAL_PORTS = Path.of("/proc/sys/net/ipv4/ip_local_port_range");

    private static final int LARGEST_FILE = 4096;

    private NodeProbe() {}

    /** What was installed under another value is gone. */
    public static String boot(OptionalLong namespaceCookie) {
        String bootId = read(Path.of("/proc/sys/kernel/random/boot_id"));
        return namespaceCookie.isPresent() ? bootId + "/" + namespaceCookie.getAsLong() : bootId;
    }

    /** Release of the kernel. */
    public static String kernel() {
        return read(Path.of("/proc/sys/kernel/osrelease"));
    }

    public static CpuList onlineCpus() {
        return CpuList.parse(read(Path.of("/sys/devices/system/cpu/online")));
    }

    /** @param apiServer where the API server is reached */
    public static NodeInfo facts(ApiServerEndpoints.Found apiServer) {
        NodeAddresses addresses = NodeAddresses.of(addressed());
        String[] ports = read(LOCAL_PORTS).split("\\s+");
        ApiServerWay way = new ApiServerWay(
                apiServer.endpoints(),
                addresses.all(),
                apiServer.sources().isEmpty() ? addresses.all() : apiServer.sources(),
                apiServer.learned(),
                Integer.parseInt(ports[0]),
                Integer.parseInt(ports[1]));
        return new NodeInfo(onlineCpus(), addresses.reported(), addresses.unreported(), way);
    }

    private static List<NodeAddresses.Addressed> addressed() {
        Map<String, Link> links = Links.list();
        try {
            List<NodeAddresses.Addressed> addressed = new ArrayList<>();
            for (NetworkInterface link : Collections.list(NetworkInterface.getNetworkInterfaces())) {
                boolean dummy = Optional.ofNullable(links.get(link.getName()))
                        .filter(known -> known.kind().equals("dummy"))
                        .isPresent();
                addressed.add(new NodeAddresses.Addressed(
                        link.getName(),
                        dummy && !link.isUp(),
                        link.inetAddresses().toList()));
            }
            return addressed;
        } catch (SocketException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** In one read: a second one of a sysctl gets nothing, however little the first took (proc_dointvec). */
    private static String read(Path file) {
        byte[] text = new byte[LARGEST_FILE];
        try (InputStream in = Files.newInputStream(file)) {
            return new String(text, 0, Math.max(0, in.read(text)), StandardCharsets.US_ASCII).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
