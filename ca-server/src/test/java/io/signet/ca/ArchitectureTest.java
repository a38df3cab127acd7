package io.signet.ca;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.soft.ExportableKey;
import java.security.PrivateKey;
import java.time.Clock;
import java.time.Instant;
import org.jspecify.annotations.NullMarked;

/** The layering of docs/architecture.md. */
@AnalyzeClasses(packages = "io.signet", importOptions = ArchitectureTest.MainCode.class)
final class ArchitectureTest {

  /** Neither our own tests nor the contracts and fakes that other modules publish as test jars. */
  static final class MainCode implements ImportOption {
    private final ImportOption noTests = new DoNotIncludeTests();

    @Override
    public boolean includes(Location location) {
      return noTests.includes(location) && !location.contains("-tests.jar");
    }
  }

  @ArchTest
  static final ArchRule layers =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("app")
          .definedBy("io.signet.ca.app..")
          .layer("cli")
          .definedBy("io.signet.ca.cli..")
          .layer("config")
          .definedBy("io.signet.ca.config..")
          .layer("edges")
          .definedBy(
              "io.signet.ca.grpc..",
              "io.signet.ca.http..",
              "io.signet.ca.caller..",
              "io.signet.ca.tls..",
              "io.signet.ca.store..",
              "io.signet.ca.telemetry..",
              "io.signet.ca.delivery..")
          .layer("issuance")
          .definedBy("io.signet.ca.issuance..")
          .layer("rotation")
          .definedBy("io.signet.ca.rotation..")
          .layer("revocation")
          .definedBy("io.signet.ca.revocation..")
          .layer("ceremony")
          .definedBy("io.signet.ca.ceremony..")
          .layer("authorization")
          .definedBy("io.signet.ca.authorization..")
          .layer("authority")
          .definedBy("io.signet.ca.authority..")
          .layer("bundle")
          .definedBy("io.signet.ca.bundle..")
          .layer("signing")
          .definedBy("io.signet.ca.signing..")
          .layer("ground")
          .definedBy("io.signet.ca.ledger..", "io.signet.ca.x509..")
          .whereLayer("app")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("cli")
          .mayOnlyBeAccessedByLayers("app")
          .whereLayer("config")
          .mayOnlyBeAccessedByLayers("app", "cli")
          .whereLayer("edges")
          .mayOnlyBeAccessedByLayers("app")
          .whereLayer("issuance")
          .mayOnlyBeAccessedByLayers("app", "edges")
          .whereLayer("rotation")
          .mayOnlyBeAccessedByLayers("app", "edges", "revocation")
          .whereLayer("revocation")
          .mayOnlyBeAccessedByLayers("app", "edges")
          .whereLayer("ceremony")
          .mayOnlyBeAccessedByLayers("app")
          .whereLayer("authorization")
          .mayOnlyBeAccessedByLayers("app", "cli", "config", "edges", "issuance")
          .whereLayer("authority")
          .mayOnlyBeAccessedByLayers(
              "app", "edges", "issuance", "rotation", "revocation", "ceremony", "bundle")
          .whereLayer("bundle")
          .mayOnlyBeAccessedByLayers("app", "edges", "rotation")
          .whereLayer("signing")
          .mayOnlyBeAccessedByLayers(
              "app", "edges", "issuance", "revocation", "ceremony", "authority");

  @ArchTest
  static final ArchRule noCycles = slices().matching("io.signet.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule valuesNeedOnlyTheJdk =
      classes()
          .that()
          .resideInAnyPackage("io.signet.spiffe..")
          .should()
          .onlyDependOnClassesThat(
              resideInAnyPackage(
                  "io.signet.spiffe..",
                  "java..",
                  "javax..",
                  "org.jspecify..",
                  "com.google.errorprone.annotations.."));

  @ArchTest
  static final ArchRule custodyNeedsOnlyTheJdkAndVaultsDriver =
      classes()
          .that()
          .resideInAPackage("io.signet.hsm..")
          .should()
          .onlyDependOnClassesThat(
              resideInAnyPackage(
                  "io.signet.hsm..",
                  "io.github.jopenlibs.vault..",
                  "java..",
                  "javax..",
                  "org.jspecify..",
                  "com.google.errorprone.annotations.."));

  // DRV-2: of some failures it says nothing, so that one place has to look.
  @ArchTest
  static final ArchRule oneClassKnowsVaultsDriver =
      noClasses()
          .that()
          .haveNameNotMatching("io\\.signet\\.hsm\\.vault\\.VaultDriver(\\$.*)?")
          .should()
          .dependOnClassesThat(resideInAPackage("io.github.jopenlibs.vault.."));

  @ArchTest
  static final ArchRule deliveryIsPure =
      noClasses()
          .that()
          .resideInAPackage("io.signet.sds")
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("io.grpc..", "io.netty..", "com.google.protobuf.."));

  @ArchTest
  static final ArchRule attestorsStandAlone =
      slices().matching("io.signet.attestation.(*)..").should().notDependOnEachOther();

  // Two are no choice between implementations: a key that is made to be handed over is a value, and
  // the issuer of dev's tokens stands in for a cluster, outside of the server that believes it.
  @ArchTest
  static final ArchRule onlyTheRootOfCompositionChooses =
      noClasses()
          .that()
          .resideInAPackage("io.signet.ca..")
          .and()
          .resideOutsideOfPackage("io.signet.ca.app..")
          .and()
          .doNotHaveFullyQualifiedName("io.signet.ca.cli.DevIssuer")
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("io.signet.hsm.*..", "io.signet.attestation.*..")
                  .and(not(type(ExportableKey.class))));

  @ArchTest
  static final ArchRule nullIsMarkedEverywhere =
      classes()
          .that()
          .resideInAPackage("io.signet..")
          .and()
          .resideOutsideOfPackage("io.signet.proto..")
          .should(resideInAMarkedPackage());

  private static ArchCondition<JavaClass> resideInAMarkedPackage() {
    return ArchCondition.from(
        describe(
            "reside in a @NullMarked package",
            type -> type.getPackage().isAnnotatedWith(NullMarked.class)));
  }

  @ArchTest
  static final ArchRule onlyX509UsesBouncyCastle =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.signet.ca.x509..")
          .should()
          .dependOnClassesThat(resideInAPackage("org.bouncycastle.."));

  // Traces decorate: nothing that issues knows of them, and what is off costs nothing.
  @ArchTest
  static final ArchRule onlyTelemetryUsesOpenTelemetry =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.signet.ca.telemetry..")
          .should()
          .dependOnClassesThat(resideInAPackage("io.opentelemetry.."));

  // A TLS server needs the key itself: its certificate is delivered to our own listener.
  @ArchTest
  static final ArchRule privateKeysStayInCustody =
      noClasses()
          .that(
              not(resideInAnyPackage("io.signet.hsm.."))
                  .and(not(resideInAnyPackage("io.signet.ca.tls..")))
                  .and(not(resideInAnyPackage("io.signet.ca.delivery..")))
                  .and(not(resideInAnyPackage("io.signet.ca.app.."))))
          .should()
          .dependOnClassesThat()
          .areAssignableTo(PrivateKey.class);

  // ISS-5: whoever else gets a key from a custodian signs with it by a ticket only.
  @ArchTest
  static final ArchRule onlySigningSigns =
      noClasses()
          .that()
          .resideOutsideOfPackages("io.signet.ca.signing", "io.signet.hsm..")
          .should()
          .callMethod(KeyHandle.class, "sign", byte[].class);

  @ArchTest
  static final ArchRule timeIsInjected =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.signet.ca.app..")
          .should()
          .callMethod(Instant.class, "now")
          .orShould()
          .callMethod(Clock.class, "systemUTC")
          .orShould()
          .callMethod(System.class, "currentTimeMillis");

  @ArchTest
  static final ArchRule nothingStaticChanges =
      fields()
          .that()
          .areDeclaredInClassesThat(
              resideInAPackage("io.signet..").and(not(resideInAPackage("io.signet.proto.."))))
          .and()
          .areStatic()
          .should()
          .beFinal();

  @ArchTest
  static final ArchRule onlyTheEdgesSpeakToTheWorld =
      noClasses()
          .that()
          .resideInAnyPackage(
              "io.signet.ca.issuance..",
              "io.signet.ca.revocation..",
              "io.signet.ca.authorization..",
              "io.signet.ca.ceremony..",
              "io.signet.ca.authority..",
              "io.signet.ca.bundle..",
              "io.signet.ca.signing..",
              "io.signet.ca.ledger..",
              "io.signet.ca.x509..")
          .should()
          .dependOnClassesThat(
              resideInAnyPackage(
                  "io.grpc..", "io.netty..", "io.vertx..", "java.sql..", "org.h2.."));
}
