package io.signet.e2e;

import static java.nio.file.attribute.PosixFilePermissions.asFileAttribute;
import static java.nio.file.attribute.PosixFilePermissions.fromString;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.authority.Authorities;
import io.signet.ca.authority.AuthorityPolicy;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.store.Cluster;
import io.signet.ca.store.EmbeddedDatabase;
import io.signet.ca.store.SqlAuthorityStore;
import io.signet.ca.store.SqlIssuanceLedger;
import io.signet.e2e.peers.Command;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.soft.FileKeyCustodian;
import io.signet.hsm.soft.FileSecret;
import io.signet.hsm.soft.MemoryKeyCustodian;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.TrustDomain;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A server that cannot start says why, once and to a person, exits with 1, and damages nothing:
 * when the cause is gone, it starts with the same root.
 */
@Tag("e2e")
final class StartFailureE2eTest {
  private static final Duration DAY = Duration.ofDays(1);

  @TempDir private static Path shared;
  private static ServerFolder good;
  private static byte[] root;

  @TempDir private Path temporary;
  private ServerFolder folder;

  @BeforeAll
  static void startForTheFirstTime() throws IOException {
    good = ServerFolder.create(shared.resolve("server"));
    try (var signet = SignetProcess.serve(good.config())) {
      root = Files.readAllBytes(signet.bundle());
      signet.stop();
    }
  }

  @BeforeEach
  void copy() throws IOException {
    folder = good.copy(temporary.resolve("server"));
  }

  @Test
  void serve_severalProblems_allToldTogether() throws IOException {
    folder.configure(
        """
        keys:
          custodian: fil
        svid: { default-lifetime: soon, max-lifetimes: 24h }
        """);
    Failure.of(serve())
        .names("keys.custodian", "fil", "svid.default-lifetime", "soon", "max-lifetimes");
    folder.configureMore("");
    assertStartsWithSameRoot();
  }

  @Test
  void serve_noConfiguration_named() throws IOException {
    String missing = folder.path().resolve("nothing.yaml").toString();
    Failure.of(SignetProcess.command("serve", "--config", missing)).names(missing);
  }

  @Test
  void serve_workloadPortTaken_named() throws IOException {
    assertPortIsNamed(folder.workloadPort());
  }

  @Test
  void serve_operatorPortTaken_named() throws IOException {
    assertPortIsNamed(folder.operatorPort());
  }

  // SET-5: a bind would replace the socket of the other server without a word.
  @Test
  void serve_socketOfLiveServer_namedAndTheOtherServesOn() throws IOException {
    var other = good.copy(temporary.resolve("other"));
    try (var signet = SignetProcess.serve(other.config())) {
      String socket = other.socket().toString();
      change("sds.sock", socket);
      Failure.of(serve()).names(socket);
      try (var client = CsrClient.unix(signet.socket())) {
        assertThat(client.sign(Csr.create(temporary)).uris()).hasSize(1);
      }
    }
    // The other was killed and left its socket: that is in nobody's way.
    assertStartsWithSameRoot();
  }

  @Test
  void serve_noPassphrase_named() throws IOException {
    Files.delete(folder.path().resolve("passphrase"));
    Failure.of(serve()).names("passphrase-file", folder.path().resolve("passphrase").toString());
    folder.secret("passphrase", ServerFolder.PASSPHRASE);
    assertStartsWithSameRoot();
  }

  @Test
  void serve_passphraseOpenToOthers_named() throws IOException {
    Path passphrase = folder.path().resolve("passphrase");
    Files.setPosixFilePermissions(passphrase, fromString("rw-r--r--"));
    Failure.of(serve()).names(passphrase.toString());
    Files.setPosixFilePermissions(passphrase, fromString("rw-------"));
    assertStartsWithSameRoot();
  }

  @Test
  void serve_wrongPassphrase_named() throws IOException {
    folder.secret("passphrase", "wrong horse");
    assertThat(Failure.of(serve()).names("passphrase").message()).doesNotContain("wrong horse");
    folder.secret("passphrase", ServerFolder.PASSPHRASE);
    assertStartsWithSameRoot();
  }

  /** What can befall the file of a key. */
  enum Damage {
    A_FOLDER {
      @Override
      void replace(Path file, byte[] content) throws IOException {
        Files.createDirectory(file);
      }
    },
    TRUNCATED {
      @Override
      void replace(Path file, byte[] content) throws IOException {
        writeSecret(file, Arrays.copyOf(content, content.length / 2));
      }
    },
    EMPTY {
      @Override
      void replace(Path file, byte[] content) throws IOException {
        writeSecret(file, new byte[0]);
      }
    },
    FLIPPED_AT_THE_HEAD {
      @Override
      void replace(Path file, byte[] content) throws IOException {
        writeSecret(file, flipped(content, 0));
      }
    },
    FLIPPED_AT_THE_END {
      @Override
      void replace(Path file, byte[] content) throws IOException {
        writeSecret(file, flipped(content, content.length - 1));
      }
    };

    abstract void replace(Path file, byte[] content) throws IOException;

    private static byte[] flipped(byte[] content, int at) {
      byte[] flipped = content.clone();
      flipped[at] ^= 1;
      return flipped;
    }

    private static void writeSecret(Path file, byte[] content) throws IOException {
      Files.createFile(file, asFileAttribute(fromString("rw-------")));
      Files.write(file, content);
    }
  }

  // ISTIO-95: an invalid private key.
  @ParameterizedTest
  @EnumSource
  void serve_keyFileUnreadable_namedAndServesOnceItIsBack(Damage damage) throws IOException {
    Path key = rootKey();
    Path aside = Files.move(key, temporary.resolve("aside"));
    damage.replace(key, Files.readAllBytes(aside));
    String message = Failure.of(serve()).names(key.getFileName().toString()).message();
    assertThat(message).hasLineCount(1).doesNotContain("java.", "io.signet", "null");
    Files.delete(key);
    Files.move(aside, key);
    assertStartsWithSameRoot();
  }

  @Test
  void dev_secondOnSameDirectory_refusedAndTheFirstServesOn() throws IOException {
    Path directory = temporary.resolve("dev");
    try (var first = SignetProcess.dev(directory)) {
      byte[] before = Files.readAllBytes(first.bundle());
      Failure.of(SignetProcess.command("dev", "--dir", directory.toString()))
          .names(directory.toString());
      assertThat(first.get("/healthz/ready").statusCode()).isEqualTo(200);
      first.stop();
      first.start();
      assertThat(Files.readAllBytes(first.bundle())).isEqualTo(before);
    }
  }

  @Test
  void serve_dataDirectoryInUse_named() throws IOException {
    var other = good.copy(temporary.resolve("other"));
    try (var signet = SignetProcess.serve(other.config())) {
      String data = signet.dataDirectory().toString();
      change("data-dir: data", "data-dir: " + data);
      Failure.of(serve()).names(data);
      assertThat(signet.get("/healthz/ready").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void serve_otherTrustDomain_namedAndRootUntouched() throws IOException {
    change("example.org", "other.org");
    Failure.of(serve()).names("trust-domain", "other.org", "example.org");
    change("other.org", "example.org");
    assertStartsWithSameRoot();
  }

  @Test
  void serve_rootExpired_namedAndRootUntouched() throws Exception {
    Instant tenDaysAgo = Instant.now().minus(DAY.multipliedBy(10));
    byte[] made = rootMadeAt(tenDaysAgo);
    Failure.of(serve()).names("expired", tenDaysAgo.plus(DAY).toString().substring(0, 10));
    assertThat(rootInStore()).isEqualTo(made);
  }

  @Test
  void serve_clockBeforeStartOfRoot_namedAndRootUntouched() throws Exception {
    Instant inTenDays = Instant.now().plus(DAY.multipliedBy(10));
    byte[] made = rootMadeAt(inTenDays);
    Failure.of(serve()).names("clock", inTenDays.toString().substring(0, 10));
    assertThat(rootInStore()).isEqualTo(made);
  }

  private void change(String what, String to) throws IOException {
    Files.writeString(folder.config(), Files.readString(folder.config()).replace(what, to));
  }

  private Command.Result serve() throws IOException {
    return SignetProcess.command("serve", "--config", folder.config().toString());
  }

  private Path rootKey() throws IOException {
    try (Stream<Path> files = Files.list(folder.path().resolve("keys"))) {
      return files.filter(file -> file.toString().endsWith(".key")).findFirst().orElseThrow();
    }
  }

  private void assertStartsWithSameRoot() throws IOException {
    try (var signet = SignetProcess.serve(folder.config())) {
      assertThat(Files.readAllBytes(signet.bundle())).isEqualTo(root);
    }
  }

  private void assertPortIsNamed(int port) throws IOException {
    try (var _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      Failure.of(serve()).names("127.0.0.1:" + port);
    }
    assertStartsWithSameRoot();
  }

  /** What the server itself does at its first start, on a day that we choose. */
  private byte[] rootMadeAt(Instant moment) throws Exception {
    folder = ServerFolder.create(temporary.resolve("prepared"));
    Path data = Files.createDirectory(folder.path().resolve("data"));
    var clock = Clock.fixed(moment, ZoneOffset.UTC);
    var random = new SecureRandom();
    try (var database = EmbeddedDatabase.open(data);
        var ledger = new SqlIssuanceLedger(database);
        var roots =
            FileKeyCustodian.open(
                folder.path().resolve("keys"),
                FileSecret.passphrase(ServerFolder.PASSPHRASE.toCharArray()));
        var issuers = new MemoryKeyCustodian()) {
      var store = new SqlAuthorityStore(database);
      int prefix = Cluster.join(database, clock, random).serialPrefix();
      var signer =
          new CertificateSigner(ledger, () -> SerialNumber.draw(prefix, moment, random), clock);
      var policy =
          new AuthorityPolicy(
              TrustDomain.parse(ServerFolder.TRUST_DOMAIN),
              KeyAlgorithm.EC_P256,
              Optional.of(DAY),
              Duration.ofHours(1),
              false,
              List.of());
      var authorities = Authorities.open(store, roots, issuers, signer, policy, clock);
      return authorities.bundle().authorities().getFirst().getEncoded();
    }
  }

  private byte[] rootInStore() throws Exception {
    try (var database = EmbeddedDatabase.open(folder.path().resolve("data"))) {
      var record = new SqlAuthorityStore(database).ca().orElseThrow();
      return record.chain().orElseThrow().certificate().getEncoded();
    }
  }
}
