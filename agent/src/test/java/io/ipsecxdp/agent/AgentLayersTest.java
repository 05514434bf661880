package io.ipsecxdp.agent;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Clock;
import java.time.Instant;

@AnalyzeClasses(packages = "io.ipsecxdp.agent", importOptions = ImportOption.DoNotIncludeTests.class)
class AgentLayersTest {

    @ArchTest
    static final ArchRule whatDecidesKnowsOnlyValues = classes()
            .that()
            .resideInAPackage("io.ipsecxdp.agent.plan")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "java.lang..",
                    "java.util..",
                    "java.time..",
                    "java.net",
                    "io.ipsecxdp.crds",
                    "io.ipsecxdp.agent.plan",
                    "io.ipsecxdp.agent.ledger",
                    "io.ipsecxdp.agent.time",
                    "io.ipsecxdp.linux",
                    "io.ipsecxdp.xfrm");

    @ArchTest
    static final ArchRule whatDecidesHasNoClock = noClasses()
            .that()
            .resideInAnyPackage("io.ipsecxdp.agent.plan", "io.ipsecxdp.agent.tunnel")
            .should()
            .dependOnClassesThat()
            .areAssignableTo(Clock.class)
            .orShould()
            .callMethod(Instant.class, "now");

    @ArchTest
    static final ArchRule theLedgerKnowsNoOtherRoomNoClientAndNoKernel = noClasses()
            .that()
            .resideInAPackage("io.ipsecxdp.agent.ledger")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "io.fabric8..",
                    "com.sun.jna..",
                    "io.quarkus..",
                    "io.ipsecxdp.bpf..",
                    "io.ipsecxdp.xfrm.*",
                    "io.ipsecxdp.agent.kernel",
                    "io.ipsecxdp.agent.node",
                    "io.ipsecxdp.agent.plan",
                    "io.ipsecxdp.agent.report",
                    "io.ipsecxdp.agent.secrets",
                    "io.ipsecxdp.agent.steering");

    @ArchTest
    static final ArchRule theKernelThreadAndSteeringKnowNoClient = noClasses()
            .that()
            .resideInAnyPackage("io.ipsecxdp.agent.kernel", "io.ipsecxdp.agent.steering")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.fabric8..", "io.quarkus..");

    @ArchTest
    static final ArchRule noRoomsNeedEachOther =
            slices().matching("io.ipsecxdp.agent.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule nativeCodeIsCalledInOtherModules =
            noClasses().should().dependOnClassesThat().resideInAnyPackage("com.sun.jna..");

    @ArchTest
    static final ArchRule quarkusIsKnownToTheMainOnly = noClasses()
            .that()
            .resideInAPackage("io.ipsecxdp.agent.*..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.quarkus..", "jakarta..");
}
