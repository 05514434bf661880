package io.ipsecxdp.operator;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.fabric8.kubernetes.client.CustomResource;

@AnalyzeClasses(packages = "io.ipsecxdp.operator", importOptions = ImportOption.DoNotIncludeTests.class)
class LayersTest {
    private static final String[] DECIDES = {"..operator.compile..", "..operator.rollup.."};

    @ArchTest
    static final ArchRule whatDecidesKnowsNoClientAndNoFramework = classes()
            .that()
            .resideInAnyPackage(DECIDES)
            .should()
            .onlyDependOnClassesThat(resideInAnyPackage(
                            "java.lang..",
                            "java.math..",
                            "java.net..",
                            "java.time..",
                            "java.util..",
                            "io.ipsecxdp.crds..",
                            "io.ipsecxdp.operator.compile..",
                            "io.ipsecxdp.operator.rollup..",
                            "io.fabric8.kubernetes.api.model..")
                    // The type of all custom resources, and no client
                    .or(equivalentTo(CustomResource.class)));

    @ArchTest
    static final ArchRule compileKnowsNothingOfTheRollUp = noClasses()
            .that()
            .resideInAPackage("..operator.compile..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("..operator.rollup..");

    @ArchTest
    static final ArchRule whatDecidesHasNoClock = noClasses()
            .that()
            .resideInAnyPackage(DECIDES)
            .should()
            .callMethod(java.time.Instant.class, "now")
            .orShould()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(java.time.Clock.class);

    @ArchTest
    static final ArchRule nothingStaticChanges =
            fields().that().areStatic().should().beFinal();
}
