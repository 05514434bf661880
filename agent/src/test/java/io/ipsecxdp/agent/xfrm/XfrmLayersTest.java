package io.ipsecxdp.agent.xfrm;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.ipsecxdp.agent", importOptions = ImportOption.DoNotIncludeTests.class)
class XfrmLayersTest {

    @ArchTest
    static final ArchRule theModelKnowsOnlyJavaAndKeys = classes()
            .that()
            .resideInAPackage("io.ipsecxdp.agent.xfrm")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("java..", "io.ipsecxdp.agent.xfrm", "io.ipsecxdp.agent.key");

    @ArchTest
    static final ArchRule theCodecKnowsOnlyTheModel = classes()
            .that()
            .resideInAPackage("io.ipsecxdp.agent.xfrm.codec")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "java..", "io.ipsecxdp.agent.xfrm", "io.ipsecxdp.agent.xfrm.codec", "io.ipsecxdp.agent.key");

    @ArchTest
    static final ArchRule keysKnowOnlyJava = classes()
            .that()
            .resideInAPackage("io.ipsecxdp.agent.key")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("java..", "javax.crypto..", "io.ipsecxdp.agent.key");
}
