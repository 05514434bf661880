package io.ipsecxdp.e2e;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** strongSwan's IKE daemon on a node, with a configuration of its own. */
final class Charon implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(60);

    private final Node node;
    private final String folder;
    private final KernelProcess process;

    private Charon(Node node, String folder, KernelProcess process) {
        this.node = node;
        this.folder = folder;
        this.process = process;
    }

    /**
     * Starts it, with one connection to the other node that protects what their pods say to each other by per-CPU SAs (RFC
     * 9611).
     *
     * @param secret pre-shared key
     */
    static Charon start(Daemons daemons, Node node, Node other, String secret) {
        String folder = "/tmp/charon-" + node.name();
        node.run("mkdir", "-p", folder);
        node.kernel().write(folder + "/strongswan.conf", """
                charon-systemd {
                  install_routes = no
                  install_virtual_ip = no
                  filelog { stderr { default = 1 } }
                  plugins {
                    vici { socket = unix://%s/vici }
                    bypass-lan { load = no }
                  }
                }
                """.formatted(folder));
        node.kernel().write(folder + "/swanctl.conf", """
                connections {
                  %1$s-%2$s {
                    version = 2
                    local_addrs = %3$s
                    remote_addrs = %4$s
                    proposals = aes256gcm16-prfsha256-x25519
                    rekey_time = 0
                    local { auth = psk
                            id = %1$s }
                    remote { auth = psk
                             id = %2$s }
                    children {
                      pods {
                        local_ts = %5$s
                        remote_ts = %6$s
                        esp_proposals = aes256gcm16
                        start_action = trap
                        per_cpu_sas = yes
                        rekey_time = 0
                      }
                    }
                  }
                }
                secrets { ike { secret = "%7$s" } }
                """.formatted(
                        node.name(),
                        other.name(),
                        node.facts().address(IpFamily.IPV4),
                        other.facts().address(IpFamily.IPV4),
                        node.facts().pods().getFirst(),
                        other.facts().pods().getFirst(),
                        secret));
        KernelProcess process = KernelProcess.start(
                daemons,
                "charon-" + node.name(),
                node,
                List.of("env", "STRONGSWAN_CONF=" + folder + "/strongswan.conf", "/usr/sbin/charon-systemd"));
        var charon = new Charon(node, folder, process);
        Await.until(
                "charon of " + node.name() + " answers",
                START,
                () -> process.daemon().tail(),
                () -> node.tryRun("swanctl", "--stats", "--uri", charon.uri()).ok());
        charon.swanctl("--load-all", "--file", folder + "/swanctl.conf");
        return charon;
    }

    /** Runs swanctl(8), and returns what it printed. */
    String swanctl(String... words) {
        var all = new ArrayList<>(List.of("swanctl"));
        all.addAll(List.of(words));
        all.addAll(List.of("--uri", uri()));
        return node.run(all.toArray(String[]::new));
    }

    /** Ends it with all that it has in the kernel. It may hang for long where it is asked to end. */
    @Override
    public void close() {
        process.kill();
        node.script("ip xfrm policy flush; ip xfrm state flush");
        node.run("rm", "-rf", folder);
    }

    private String uri() {
        return "unix://" + folder + "/vici";
    }
}
