package io.ipsecxdp.e2e;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.ipsecxdp.e2e", importOptions = ImportOption.DoNotIncludeTests.class)
class LayersTest {
    @ArchTest
    static final ArchRule theHarnessKnowsTheProductOnlyFromOutside = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.ipsecxdp.agent..", "io.ipsecxdp.operator..", "io.ipsecxdp.bpf..");

    @ArchTest
    static final ArchRule processesAreStartedWhereTheyAreAlsoEnded = noClasses()
            .that()
            .doNotBelongToAnyOf(Command.class, Daemons.class)
            .should()
            .dependOnClassesThat()
            .areAssignableTo(ProcessBuilder.class);
}
