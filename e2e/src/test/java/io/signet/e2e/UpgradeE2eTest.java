package io.signet.e2e;

import static java.nio.file.attribute.PosixFilePermissions.asFileAttribute;
import static java.nio.file.attribute.PosixFilePermissions.fromString;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.testing.PostgresServer;
import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.Command;
import io.signet.e2e.peers.Started;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What former versions have left (its README says how it was made) is opened by this one: the same
 * root goes on, nothing that was issued is forgotten, and the root can be replaced.
 */
@Tag("e2e")
final class UpgradeE2eTest {
  private static final Duration LONG = Duration.ofMinutes(2);

  @TempDir private Path temporary;
  @AutoClose private final Started started = new Started();
  private ServerFolder folder;

  @BeforeEach
  void create() throws IOException {
    folder = ServerFolder.create(temporary.resolve("server"));
    folder.secret("token", "a-token-of-an-administrator");
  }

  @ParameterizedTest
  @ValueSource(strings = {"f5eba51", "dcd8122"})
  void serve_directoryOfAFormerVersion_sameRootWhichRotates(String version) throws Exception {
    Path former = former(version);
    configure("");

    goesOnAndRotates(former);
    LeftStore.assertRecorded(chain(former).subList(0, 1), folder.path().resolve("data"));
  }

  @Test
  void serve_databaseOfAFormerVersion_sameRootWhichRotates() throws Exception {
    PostgresServer postgres =
        PostgresServer.start(Files.createDirectory(temporary.resolve("postgres")));
    started.add(postgres::close);
    Path former = former("dcd8122-postgres");
    String store = RotatingMesh.address(postgres.port());
    try (var connection = DriverManager.getConnection(store, "postgres", "postgres");
        var statement = connection.createStatement()) {
      statement.execute(Files.readString(former.resolve("store.sql")));
    }
    folder.secret("db", "postgres");
    configure("store: { url: \"%s\", user: postgres, password-file: db }\n".formatted(store));

    goesOnAndRotates(former);
  }

  private void configure(String more) throws IOException {
    folder.configureMore(
        """
        svid: { default-lifetime: 10s, max-lifetime: 10s }
        rotation: { window: 1s }
        admin: { token-file: token }
        """
            + more);
  }

  private void goesOnAndRotates(Path former) throws Exception {
    List<X509Certificate> old = certificates(former.resolve("trust-bundle.pem"));
    try (var signet = SignetProcess.serve(folder.config())) {
      assertThat(roots()).isEqualTo(old);
      assertThat(issued(signet)).isEqualTo(old);
      verify(chain(former), roots());

      var result = rotation(signet, "start", "--reason", "after the update", "--no-wait");
      assertThat(result.exit()).as(result.errors()).isZero();
      Await.until("the next root", LONG, () -> isOver(signet));
      assertThat(roots()).hasSize(1).doesNotContainAnyElementsOf(old);
      assertThat(issued(signet)).isEqualTo(roots());
      assertThatThrownBy(() -> verify(chain(former), roots()))
          .isInstanceOf(CertPathValidatorException.class);
      signet.stop();
    }
    assertThat(rootKeys()).hasSize(1); // KC-7
  }

  private static boolean isOver(SignetProcess signet) throws IOException {
    var now = RotatingMesh.status(signet);
    return now.get("phase").asText().equals("steady")
        && now.at("/active/generation").asInt() == 2
        && !now.has("doomed");
  }

  private Command.Result rotation(SignetProcess signet, String... more) throws IOException {
    Stream<String> to =
        Stream.of(
            "--operator",
            "http://127.0.0.1:" + signet.operatorPort(),
            "--admin-token-file",
            folder.path().resolve("token").toString());
    return SignetProcess.command(
        Stream.of(Stream.of("rotation"), Stream.of(more), to)
            .flatMap(part -> part)
            .toArray(String[]::new));
  }

  /** The roots with which a certificate is answered now; it leads to them. */
  private List<X509Certificate> issued(SignetProcess signet) throws Exception {
    try (CsrClient client = CsrClient.unix(signet.socket())) {
      SignedChain chain = client.sign(Csr.create(temporary));
      List<X509Certificate> roots = SignedChain.parse(chain.roots());
      verify(
          Stream.concat(
                  Stream.of(chain.leaf()),
                  chain.intermediates().stream().flatMap(pem -> SignedChain.parse(pem).stream()))
              .toList(),
          roots);
      return roots;
    }
  }

  // As of when the leaf began: those of the vectors have ended.
  private static void verify(List<X509Certificate> chain, List<X509Certificate> roots)
      throws GeneralSecurityException {
    var trust =
        new PKIXParameters(
            roots.stream().map(root -> new TrustAnchor(root, null)).collect(Collectors.toSet()));
    trust.setRevocationEnabled(false);
    trust.setDate(chain.getFirst().getNotBefore());
    var path = CertificateFactory.getInstance("X.509").generateCertPath(chain);
    var _ = CertPathValidator.getInstance("PKIX").validate(path, trust);
  }

  private List<X509Certificate> roots() throws IOException {
    return certificates(folder.bundle());
  }

  private static List<X509Certificate> chain(Path former) throws IOException {
    return certificates(former.resolve("leaf-and-issuing.pem"));
  }

  private static List<X509Certificate> certificates(Path file) throws IOException {
    return SignedChain.parse(Files.readString(file));
  }

  private List<Path> rootKeys() throws IOException {
    try (Stream<Path> all = Files.list(folder.path().resolve("keys"))) {
      return all.filter(file -> file.getFileName().toString().startsWith("root-")).toList();
    }
  }

  /** What this version has left, of which data and keys are copied into the folder. */
  private Path former(String version) throws Exception {
    Path former =
        Path.of(requireNonNull(UpgradeE2eTest.class.getResource("former/" + version)).toURI());
    for (String part : List.of("data", "keys")) {
      Path to =
          Files.createDirectory(
              folder.path().resolve(part), asFileAttribute(fromString("rwx------")));
      try (Stream<Path> files = Files.list(former.resolve(part))) {
        for (Path file : files.toList()) copy(file, to.resolve(file.getFileName()));
      }
    }
    return former;
  }

  // Git keeps no modes, and a key that others may read is refused.
  private static void copy(Path from, Path to) throws IOException {
    Files.createFile(to, asFileAttribute(fromString("rw-------")));
    Files.write(to, Files.readAllBytes(from));
  }
}
