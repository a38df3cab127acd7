package io.signet.e2e;

import static io.signet.e2e.Refusals.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.grpc.Status.Code;
import io.signet.e2e.peers.Command;
import io.signet.e2e.peers.Openssl;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A running server holds to its rules on both ways to it, and the command says the same. */
@Tag("e2e")
final class EntitlementsE2eTest {
  private static final String CALLER = ServerFolder.CALLER;
  private static final String FRONT = "spiffe://example.org/ns/edge/sa/front";

  @TempDir private static Path shared;
  private static ServerFolder folder;
  @AutoClose private static SignetProcess signet;
  @AutoClose private static CsrClient client;

  @TempDir private Path work;

  @BeforeAll
  static void launch() throws IOException {
    folder = ServerFolder.create(shared.resolve("server"));
    folder.configureMore(
        """
        entitlements:
        - caller: spiffe://example.org/ns/build/sa/*
          may-hold: [own, %s]
          max-lifetime: 10m
          keys: [ec]
          dns-names: [front.example.org, front]
        """
            .formatted(FRONT));
    signet = SignetProcess.serve(folder.config());
    client = CsrClient.unix(folder.socket());
  }

  // CSR-10: the names of the rule, though the request lists only one of them.
  @Test
  void sign_identityOfTheRule_itsNamesAndLife() throws Exception {
    String names = "URI:" + FRONT + ",DNS:front";

    SignedChain chain = client.sign(csr("EC", "ec_paramgen_curve:P-256", names), 86_400);

    assertThat(chain.leaf().getSubjectAlternativeNames())
        .containsExactly(List.of(6, FRONT), List.of(2, "front.example.org"), List.of(2, "front"));
    assertThat(Duration.between(Instant.now(), chain.leaf().getNotAfter().toInstant()))
        .isBetween(Duration.ofMinutes(9), Duration.ofMinutes(10));
    assertThat(signet.log())
        .contains("entitlements[0] (caller spiffe://example.org/ns/build/sa/*)");
    assertThat(explained("--identity", FRONT, "--key-type", "ec-p256").exit()).isZero();
  }

  @Test
  void sign_identityOfNoRule_denied() throws IOException {
    String other = "spiffe://example.org/ns/edge/sa/back";
    String csr = csr("EC", "ec_paramgen_curve:P-256", "URI:" + other);

    assertThat(refusal(() -> client.sign(csr, 60)))
        .extracting(Status::getCode, Status::getDescription)
        .containsExactly(Code.PERMISSION_DENIED, "caller may not have what it asks for");
    assertThat(explained("--identity", other).exit()).isEqualTo(1);
  }

  // CSR-7
  @Test
  void sign_dnsNameOfNoRule_invalidArgument() throws IOException {
    String csr = csr("EC", "ec_paramgen_curve:P-256", "URI:" + CALLER + ",DNS:bank.example.org");

    assertThat(refusal(() -> client.sign(csr, 60)).getCode()).isEqualTo(Code.INVALID_ARGUMENT);
  }

  @Test
  void sign_keyOfAnotherKind_invalidArgumentThatSaysWhich() throws IOException {
    String csr = csr("RSA", "rsa_keygen_bits:2048", "URI:" + CALLER);

    Status refused = refusal(() -> client.sign(csr, 60));

    assertThat(refused.getCode()).isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(refused.getDescription())
        .endsWith("key of kind rsa-2048 (expected: ec, by entitlements[0])");
    assertThat(explained("--key-type", "rsa-2048").output())
        .contains("key of kind rsa-2048 (expected: ec, by entitlements[0])");
  }

  @Test
  void fetch_overSds_namesOfTheRule() throws IOException {
    Path out = work.resolve("out");

    var fetched =
        SignetProcess.command(
            "svid", "fetch", "--sds", "unix:" + folder.socket(), "--out", out.toString());

    assertThat(fetched.exit()).as(fetched.errors()).isZero();
    String svid = out.resolve("svid.pem").toString();
    assertThat(Openssl.run("x509", "-noout", "-ext", "subjectAltName", "-in", svid))
        .contains("URI:" + CALLER + ", DNS:front.example.org, DNS:front");
  }

  private static Command.Result explained(String... wish) throws IOException {
    List<String> command = new ArrayList<>(List.of("entitlement", "explain"));
    command.addAll(List.of("--config", folder.config().toString(), "--caller", CALLER));
    command.addAll(List.of(wish));
    return SignetProcess.command(command.toArray(String[]::new));
  }

  private String csr(String family, String option, String names) throws IOException {
    String key = work.resolve("key.pem").toString();
    Openssl.run("genpkey", "-algorithm", family, "-pkeyopt", option, "-out", key);
    return Openssl.run(
        "req", "-new", "-key", key, "-subj", "/", "-addext", "subjectAltName=" + names);
  }
}
