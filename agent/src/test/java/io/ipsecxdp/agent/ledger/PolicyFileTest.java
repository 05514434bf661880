package io.ipsecxdp.agent.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ipsecxdp.agent.ledger.PoliciesInForce.ApiServerAddress;
import io.ipsecxdp.agent.ledger.PoliciesInForce.HeldPolicy;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedPolicyBuilder;
import io.ipsecxdp.crds.PolicyAction;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.TemplateLevel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyFileTest {

    private static final HeldPolicy OUT = held("out", PolicyDirection.Out);
    private static final HeldPolicy IN = held("in", PolicyDirection.In);

    private static final PoliciesInForce POLICIES = new PoliciesInForce(
            "boot/1",
            Set.of(new ApiServerAddress("192.0.2.1", 6443), new ApiServerAddress("fd00::1", 6443)),
            List.of(OUT, IN));

    @TempDir
    private Path folder;

    private static HeldPolicy held(String uid, PolicyDirection direction) {
        return new HeldPolicy(
                "n1-0",
                PlannedPolicyBuilder.builder()
                        .withName(uid)
                        .withUid(uid)
                        .withGeneration(7L)
                        .withDirection(direction)
                        .withSelectorSource("10.1.0.0/16")
                        .withSelectorDestination("10.2.0.0/16")
                        .withProtocol("TCP")
                        .withDestinationPort(443)
                        .withInterfaceName("eth0")
                        .withAction(PolicyAction.Protect)
                        .withPriority(1000)
                        .withTemplate(PlannedPolicy.Template.esp(SaMode.Tunnel, "10.0.0.1", "10.0.0.2", 5L)
                                .at(TemplateLevel.Use))
                        .build());
    }

    private PolicyFile open() {
        return new PolicyFile(folder);
    }

    private Path path() {
        return folder.resolve("policies");
    }

    @Test
    void holdsWhatWasWrittenLast() {
        open().write(new PoliciesInForce("boot/0", Set.of(), List.of(OUT)));
        open().write(POLICIES);

        assertThat(open().content()).contains(POLICIES);
        assertThat(open().complaint()).isEmpty();
    }

    @Test
    void isOfItsOwnerAlone() throws IOException {
        open().write(POLICIES);

        assertThat(Files.getPosixFilePermissions(path())).isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }

    @Test
    void isWrittenOnlyWhenSomethingChanged() throws IOException {
        PolicyFile file = open();
        file.write(POLICIES);
        Files.delete(path());

        file.write(POLICIES);

        assertThat(path()).doesNotExist();
    }

    @Test
    void isNotThereBeforeAnythingWasWrittenAndAfterItWasDeleted() {
        PolicyFile file = open();
        assertThat(file.content()).isEmpty();
        file.write(POLICIES);

        file.delete();

        assertThat(file.content()).isEmpty();
        assertThat(open().content()).isEmpty();
        assertThat(open().complaint()).isEmpty();
    }

    @Test
    void damagedIsAsNoneAndSaysSo() throws IOException {
        open().write(POLICIES);
        String text = Files.readString(path());

        for (String damaged : List.of(
                text.replace("10.2.0.0/16", "10.3.0.0/16"),
                text.substring(0, text.length() - 10),
                text.lines().limit(2).reduce("", (all, line) -> all + line + "\n"),
                "")) {
            Files.writeString(path(), damaged);

            assertThat(open().content()).as(damaged).isEmpty();
            assertThat(open().complaint()).get().asString().contains(path().toString(), "nothing is protected");
        }
    }

    @Test
    void aFullDiskLeavesTheFormerOne() throws IOException {
        PolicyFile file = open();
        file.write(POLICIES);
        // In the way of the new file, as nothing else is for root
        Files.createDirectories(folder.resolve("policies.new").resolve("full"));

        assertThatThrownBy(() -> file.write(new PoliciesInForce("boot/2", Set.of(), List.of())))
                .isInstanceOf(StateException.class)
                .hasMessageContaining("protected after a boot");

        assertThat(file.content()).contains(POLICIES);
        assertThat(open().content()).contains(POLICIES);
    }
}
