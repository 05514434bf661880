package io.ipsecxdp.bench;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.ipsecxdp.bench", importOptions = ImportOption.DoNotIncludeTests.class)
class LayersTest {
    @ArchTest
    static final ArchRule nativeCodeIsCalledThroughTheProductsOwnBindings = noClasses()
            .that()
            .resideOutsideOfPackage("..jna..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("com.sun.jna..");
}
