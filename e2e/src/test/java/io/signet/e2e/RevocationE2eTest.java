package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.signet.e2e.SdsSource.Api;
import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.Command;
import io.signet.e2e.peers.Envoy;
import io.signet.e2e.peers.Openssl;
import io.signet.spiffe.SerialNumber;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a person revokes is refused by a running Envoy, and nothing else is. */
@Tag("e2e")
final class RevocationE2eTest {
  private static final Duration SOON = Duration.ofSeconds(90);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CART = "spiffe://example.org/ns/shop/sa/cart";

  @TempDir private Path folder;

  // FLD-4, SC-23
  @ParameterizedTest
  @EnumSource(Api.class)
  void identityRevoked_refusedByARunningEnvoyAndOthersAreNot(Api api) throws Exception {
    try (var signet = SignetProcess.dev(folder.resolve("dev"));
        var envoy = server(signet, api)) {
      Path cart = fetched(signet, "cart", "first");
      Path other = fetched(signet, "other", "first");
      assertAccepted(envoy, cart);
      assertAccepted(envoy, other);
      assertThat(delivered(signet)).isEqualTo("nothing");

      assertDone("svid", "revoke", CART, "--reason", "key-compromise", "--dir", dev());

      Await.until("the CRL to count", SOON, () -> !isAccepted(envoy, cart));
      assertAccepted(envoy, other);
      assertThat(delivered(signet)).isEqualTo("all");
      assertThat(fetch(signet, "cart", "denied").exit()).isNotZero();
      assertAccepted(envoy, fetched(signet, "other", "second"));

      assertDone("svid", "lift", CART, "--dir", dev());

      assertAccepted(envoy, fetched(signet, "cart", "lifted"));
      assertThat(isAccepted(envoy, cart)).isFalse();
    }
  }

  // An issuing authority that is made while CRLs are delivered has its own before its first leaf.
  @Test
  void issuingAuthorityRenewed_revokedStaysRefusedAndOthersAreAccepted() throws Exception {
    try (var signet = SignetProcess.dev(folder.resolve("dev"));
        var envoy = server(signet, Api.GRPC)) {
      Path cart = fetched(signet, "cart", "first");
      Path other = fetched(signet, "other", "first");
      SerialNumber serial = SerialNumber.of(SignedChain.parse(svid(cart)).getFirst());
      assertDone("svid", "revoke", serial.toString(), "--reason", "superseded", "--dir", dev());
      Await.until("the CRL to count", SOON, () -> !isAccepted(envoy, cart));
      String before = authority(other);

      signet.stop();
      signet.start();

      Path renewed = fetched(signet, "other", "second");
      assertThat(authority(renewed)).isNotEqualTo(before);
      Await.until("the new authority to count", SOON, () -> isAccepted(envoy, renewed));
      assertAccepted(envoy, other);
      assertThat(isAccepted(envoy, cart)).isFalse();
      // The holder of the revoked one has another one, for it is entitled still.
      assertAccepted(envoy, fetched(signet, "cart", "second"));
    }
  }

  // What the leaf of a dead replica needs: its authority is revoked by the root.
  @Test
  void authorityRevoked_allOfItRefusedAndTheServerGoesOnUnderAnother() throws Exception {
    try (var signet = SignetProcess.dev(folder.resolve("dev"));
        var envoy = server(signet, Api.GRPC)) {
      Path cart = fetched(signet, "cart", "first");
      String keyId = authority(cart);

      assertDone(
          "svid", "revoke", "--authority", keyId, "--reason", "ca-compromise", "--dir", dev());

      Await.until("the CRL to count", SOON, () -> !isAccepted(envoy, cart));
      Path next = fetched(signet, "other", "first");
      assertThat(authority(next)).isNotEqualTo(keyId);
      Await.until("the new authority to count", SOON, () -> isAccepted(envoy, next));
    }
  }

  // RFC 5280: what the operator plane serves is what others can use.
  @Test
  void crls_overHttp_opensslRefusesTheRevoked() throws Exception {
    try (var signet = SignetProcess.dev(folder.resolve("dev"))) {
      Path cart = fetched(signet, "cart", "first");
      Path other = fetched(signet, "other", "first");
      // Whoever checks CRLs needs one of each CA, also before anything is revoked.
      assertThat(JSON.readTree(signet.get("/v1/crl").body()).path("crls")).hasSize(2);

      assertDone("svid", "revoke", CART, "--reason", "key-compromise", "--dir", dev());

      StringBuilder all = new StringBuilder();
      for (JsonNode crl : JSON.readTree(signet.get("/v1/crl").body()).path("crls")) {
        var pem = signet.get(crl.path("path").asText().replace(".crl", ".pem"));
        assertThat(pem.statusCode()).isEqualTo(200);
        all.append(pem.body());
      }
      Path crls = Files.writeString(folder.resolve("crls.pem"), all);

      assertThat(verified(signet, crls, other)).contains("svid.pem: OK");
      assertThat(verified(signet, crls, cart)).contains("certificate revoked");
    }
  }

  private static String verified(SignetProcess signet, Path crls, Path svid) throws IOException {
    String leaf = svid.resolve("svid.pem").toString();
    var command =
        List.of(
            "openssl",
            "verify",
            "-crl_check_all",
            "-CAfile",
            signet.bundle().toString(),
            "-untrusted",
            leaf,
            "-CRLfile",
            crls.toString(),
            leaf);
    var result = Command.result(Map.of(), command);
    return result.output() + result.errors();
  }

  private Envoy server(SignetProcess signet, Api api) throws IOException {
    var envoy = Envoy.start(MeshConfig.server(SdsSource.unix(signet.socket()).by(api)).yaml());
    envoy.awaitReady();
    return envoy;
  }

  private String dev() {
    return folder.resolve("dev").toString();
  }

  private static String delivered(SignetProcess signet) throws IOException {
    return JSON.readTree(signet.get("/v1/revocations").body()).path("delivered").asText();
  }

  private static void assertDone(String... command) throws IOException {
    var result = SignetProcess.command(command);
    assertThat(result.exit()).as(result.errors()).isZero();
  }

  /** What this account of the shop gets by SDS, in a folder of its own. */
  private Path fetched(SignetProcess signet, String account, String name) throws IOException {
    var result = fetch(signet, account, name);
    assertThat(result.exit()).as(result.errors()).isZero();
    return folder.resolve(account + "-" + name);
  }

  private Command.Result fetch(SignetProcess signet, String account, String name)
      throws IOException {
    Path token =
        Files.writeString(
            folder.resolve(account + "-" + name + ".token"), signet.token("shop", account));
    return SignetProcess.command(
        "svid",
        "fetch",
        "--sds",
        "localhost:" + signet.workloadPort(),
        "--ca-file",
        signet.bundle().toString(),
        "--token-file",
        token.toString(),
        "--out",
        folder.resolve(account + "-" + name).toString());
  }

  private static String svid(Path of) throws IOException {
    return Files.readString(of.resolve("svid.pem"));
  }

  /** The key identifier of the authority that has signed it. */
  private static String authority(Path svid) throws IOException {
    String text =
        Openssl.run(
            "x509",
            "-in",
            svid.resolve("svid.pem").toString(),
            "-noout",
            "-ext",
            "authorityKeyIdentifier");
    return text.replaceAll("(?s).*Identifier:\\s*", "")
        .replaceAll("[:\\s]", "")
        .toLowerCase(Locale.ROOT);
  }

  // Each time by another client, for a session that is resumed is not judged again.
  private static boolean isAccepted(Envoy envoy, Path client) {
    try {
      return MutualTls.of(client).get(envoy.listenerPort("in")).startsWith("HTTP/1.1 200 ");
    } catch (IOException refused) {
      return false;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static void assertAccepted(Envoy envoy, Path client) throws Exception {
    assertThat(MutualTls.of(client).get(envoy.listenerPort("in"))).startsWith("HTTP/1.1 200 ");
  }
}
