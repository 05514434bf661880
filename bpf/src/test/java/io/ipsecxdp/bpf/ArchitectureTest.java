package io.ipsecxdp.bpf;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.ipsecxdp.bpf", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule jnaStaysInOnePackage = noClasses()
            .that()
            .resideOutsideOfPackage("..jna..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("com.sun.jna..");

    @ArchTest
    static final ArchRule theBindingKnowsNothingOfSteering =
            slices().matching("io.ipsecxdp.(**)").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule nothingButSystemCallsAndTheJdkIsUsed = noClasses()
            .should()
            .dependOnClassesThat()
            .resideOutsideOfPackages("io.ipsecxdp.bpf..", "io.ipsecxdp.linux", "com.sun.jna..", "java..");
}
