package belle.house;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Clock;
import java.time.Instant;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** What may depend on what, over all modules. */
class ArchitectureTest {
    /** What is generated from the proto follows its generator's rules. */
    private static final String GENERATED = "belle.v1";

    private static final ImportOption WRITTEN_BY_HAND =
            location -> !location.contains("/" + GENERATED.replace('.', '/') + "/");

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(WRITTEN_BY_HAND)
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("belle");

    @Test
    void theEngineKnowsOnlyTheJdkTheSharedValuesAndConfiguration() {
        classes()
                .that(resideInAPackage("belle.engine.."))
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                        "java..",
                        "belle.engine..",
                        "belle.proto",
                        "com.typesafe.config..",
                        "org.jspecify..",
                        "com.google.errorprone.annotations.."))
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void theEngineHasNoClockNoThreadAndNoHiddenRandomness() {
        noClasses()
                .that(resideInAPackage("belle.engine.."))
                .should()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(UUID.class, "randomUUID")
                .orShould()
                .callMethod(Math.class, "random")
                .orShould()
                .dependOnClassesThat(DescribedPredicate.or(
                        assignableTo(Thread.class),
                        assignableTo(Clock.class),
                        assignableTo(Random.class),
                        resideInAPackage("java.util.concurrent..")))
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void theGatewayKnowsNodesOnlyByTheirMessages() {
        classes()
                .that(resideInAPackage("belle.gateway.."))
                .should()
                .onlyDependOnClassesThat(DescribedPredicate.or(
                        resideOutsideOfPackage("belle.."),
                        resideInAnyPackage("belle.gateway..", "belle.proto..", GENERATED)))
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void nothingKnowsTheCommandLine() {
        noClasses()
                .that(resideOutsideOfPackage("belle.cli.."))
                .should()
                .dependOnClassesThat(resideInAPackage("belle.cli.."))
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("belle.(**)").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void onlyTheCommandLinePrints() {
        NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(CLASSES.that(resideOutsideOfPackage("belle.cli..")));
    }

    @Test
    void classesAreFinalUnlessTheyAreAbstract() {
        classes()
                .that(resideInAPackage("belle.."))
                .and()
                .areNotInterfaces()
                .and()
                .areNotEnums()
                .and()
                .areNotAnonymousClasses()
                .and()
                .doNotHaveModifier(JavaModifier.ABSTRACT)
                .should()
                .haveModifier(JavaModifier.FINAL)
                .check(CLASSES);
    }

    @Test
    void everyPackageIsNullMarked() {
        assertThat(CLASSES.getPackage("belle").getSubpackagesInTree().stream()
                        .filter(p -> !p.getClasses().isEmpty())
                        .filter(p -> !p.isAnnotatedWith(NullMarked.class))
                        .filter(p -> !p.getName().equals(GENERATED))
                        .map(JavaPackage::getName))
                .isEmpty();
    }
}
