package io.diptych;

import static com.tngtech.archunit.core.domain.JavaModifier.PUBLIC;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.modulith.core.ApplicationModules;
import org.springframework.stereotype.Repository;
import org.springframework.web.bind.annotation.RestController;

/**
 * The rules of the package layout. Each one is also tried on the packages under {@code broken},
 * which break all of them: a rule that finds nothing there guards nothing.
 */
class ArchitectureTest {

  static {
    System.setProperty("spring.modulith.detection-strategy", ModuleLayout.class.getName());
  }

  private static final String SERVICE = "io.diptych";
  private static final String BROKEN = "broken";

  private static final JavaClasses SERVICE_CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(SERVICE);
  private static final JavaClasses BROKEN_CLASSES = new ClassFileImporter().importPackages(BROKEN);

  /** A rule about the packages below a root. */
  enum Rule {
    FEATURES_HAVE_NO_CYCLES("left.Left") {
      @Override
      ArchRule below(String root) {
        return slices().matching(root + ".(*)..").should().beFreeOfCycles();
      }
    },
    ENGINE_AND_IMAGE_SEE_NO_FRAMEWORK("engine.SpringInTheEngine", "image.SqlInTheImage") {
      @Override
      ArchRule below(String root) {
        return noClasses()
            .that()
            .resideInAnyPackage(root + ".engine..", root + ".image..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                "org.springframework..",
                "jakarta.persistence..",
                "jakarta.servlet..",
                "org.hibernate..",
                "java.sql..",
                "javax.sql..");
      }
    },
    ONLY_THE_ENGINE_SEES_DJL("worker.TensorsInTheWorker") {
      @Override
      ArchRule below(String root) {
        return noClasses()
            .that()
            .resideOutsideOfPackage(root + ".engine..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("ai.djl..");
      }
    },
    NOBODY_IMPORTS_A_WEB_PACKAGE("worker.ImportsRoutes") {
      @Override
      ArchRule below(String root) {
        return noClasses()
            .should(
                ArchitectureConditions.dependOnAnotherPackage(
                    root + "..web..", "on a web package other than its own"));
      }
    },
    ROUTES_ARE_IN_WEB_PACKAGES("generation.RoutesOutsideWeb") {
      @Override
      ArchRule below(String root) {
        return classes()
            .that()
            .areAnnotatedWith(RestController.class)
            .should()
            .resideInAPackage(root + "..web..");
      }
    },
    ONLY_JOB_TOUCHES_THE_JOB_TABLE("worker.TouchesJobs") {
      @Override
      ArchRule below(String root) {
        return noClasses()
            .that()
            .resideOutsideOfPackage(root + ".job..")
            .should(ArchitectureConditions.mentionInSql(JOB_TABLES));
      }
    },
    TABLES_ARE_HIDDEN("generation.EverybodysTable") {
      @Override
      ArchRule below(String root) {
        return classes().that().areAnnotatedWith(Repository.class).should().notHaveModifier(PUBLIC);
      }
    },
    NO_DRAWER_PACKAGES("util.Things") {
      @Override
      ArchRule below(String root) {
        return noClasses()
            .should()
            .resideInAnyPackage(
                "..util..", "..utils..", "..common..", "..helper..", "..impl..", "..dto..");
      }
    },
    PACKAGES_SAY_THEIR_DUTY_AND_HAVE_NO_NULLS("util.Things") {
      @Override
      ArchRule below(String root) {
        return classes().should(ArchitectureConditions.resideInANullMarkedPackage());
      }
    };

    /** Tables of the queue, which are written in {@code io.diptych.job} alone. */
    static final List<String> JOB_TABLES =
        List.of("job", "job_event", "attempt", "checkpoint", "tenant_share", "tenant_turn");

    private final List<String> breakers;

    Rule(String... breakers) {
      this.breakers = List.of(breakers);
    }

    abstract ArchRule below(String root);
  }

  @ParameterizedTest
  @EnumSource
  void theServiceKeepsTheRule(Rule rule) {
    rule.below(SERVICE).allowEmptyShould(false).check(SERVICE_CLASSES);
  }

  @ParameterizedTest
  @EnumSource
  void theRuleFindsWhatBreaksIt(Rule rule) {
    String found = rule.below(BROKEN).evaluate(BROKEN_CLASSES).getFailureReport().toString();

    assertThat(rule.breakers).allSatisfy(breaker -> assertThat(found).contains(breaker));
  }

  @Test
  void modulesUseOneAnothersPublicTypesWithoutCycles() {
    ApplicationModules.of(Diptych.class).verify();
  }

  @Test
  void theCheckOfModulesFindsWhatBreaksIt() {
    ApplicationModules modules = ApplicationModules.of(BROKEN, location -> true);

    assertThat(modules.detectViolations().getMessages())
        .anySatisfy(message -> assertThat(message).contains("Cycle detected"))
        .anySatisfy(message -> assertThat(message).contains("decomposition.web.Routes"));
  }

  @Test
  void theScannerOfStatementsSeesTheJobTableWhereItBelongs() {
    ArchRule nowhere =
        noClasses()
            .that()
            .resideInAPackage(SERVICE + ".job..")
            .should(ArchitectureConditions.mentionInSql(Rule.JOB_TABLES));

    assertThat(nowhere.evaluate(SERVICE_CLASSES).getFailureReport().getDetails())
        .hasSizeGreaterThan(5);
  }
}
