package io.ipsecxdp.xfrm;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.ipsecxdp.xfrm", importOptions = ImportOption.DoNotIncludeTests.class)
class XfrmLayersTest {

    @ArchTest
    static final ArchRule theValuesKnowOnlyJavaAndErrorNumbers = classes()
            .that()
            .resideInAPackage("io.ipsecxdp.xfrm")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("java..", "io.ipsecxdp.xfrm", "io.ipsecxdp.linux");

    @ArchTest
    static final ArchRule theCodecKnowsOnlyTheValues = classes()
            .that()
            .resideInAPackage("io.ipsecxdp.xfrm.codec")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("java..", "io.ipsecxdp.xfrm", "io.ipsecxdp.xfrm.codec", "io.ipsecxdp.linux");

    @ArchTest
    static final ArchRule theLibraryKnowsNothingOfItsUsers = classes()
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("java..", "io.ipsecxdp.xfrm..", "io.ipsecxdp.linux");

    @ArchTest
    static final ArchRule nativeCodeIsCalledInOneModule =
            noClasses().should().dependOnClassesThat().resideInAnyPackage("com.sun.jna..");
}
