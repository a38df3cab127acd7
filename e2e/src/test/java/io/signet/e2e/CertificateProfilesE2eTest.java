package io.signet.e2e;

import static io.signet.e2e.peers.Command.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.e2e.peers.Openssl;
import io.signet.e2e.peers.Peers;
import io.signet.e2e.peers.Zlint;
import io.signet.spiffe.Pem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every kind of certificate that we sign, with every kind of key: no linter finds fault with it
 * (LINT-2), and all parsers accept it and read the same in it (DIFF-1).
 */
@Tag("e2e")
final class CertificateProfilesE2eTest {

  private static final String ID = ServerFolder.CALLER;
  private static final String NAMES = "  dns-names: [front.example.org, front]\n";

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"ec-p256, false", "ec-p384, true", "rsa-2048, true"})
  void profiles_allKeys_nothingFoundAndReadTheSame(String algorithm, boolean named)
      throws Exception {
    for (var profile : certificates(algorithm, named).entrySet()) {
      assertThat(Zlint.findings(file(profile.getValue()))).as(profile.getKey()).isEmpty();
      assertReadTheSame(profile.getKey(), profile.getValue());
    }
  }

  // LINT-2: a trust domain need be no host, but of a URI's host the linter expects that.
  @Test
  void leaf_trustDomainThatIsNoHost_onlyThatIsFound() throws Exception {
    try (var signet = SignetProcess.dev(folder.resolve("dev"), "--trust-domain", "mesh");
        var client = signet.client().bearing(signet.token("shop", "cart"))) {
      X509Certificate leaf = client.sign(Csr.create(folder)).leaf();

      assertThat(Zlint.findings(file(leaf))).containsExactly("e_ext_san_uri_host_not_fqdn_or_ip");
    }
  }

  // ISTIO-17, ISTIO-18
  @ParameterizedTest
  @EnumSource
  void requests_ofAgentAndZtunnel_readTheSame(Csr.Key key) throws Exception {
    for (Csr csr :
        List.of(
            Csr.agent(folder, key, ID),
            Csr.ztunnel(folder, key, ID, true),
            Csr.ztunnel(folder, key, ID, false))) {
      Path pem = Files.writeString(folder.resolve("csr.pem"), csr.pem());
      assertThat(Openssl.run("req", "-noout", "-text", "-verify", "-in", pem.toString()))
          .containsOnlyOnce("URI:" + ID + '\n');
      assertThat(
              run(List.of(Peers.require("certtool").toString(), "--crq-info", "--infile=" + pem)))
          .contains("Self signature: verified")
          .containsOnlyOnce("URI: " + ID + '\n');
      assertReadByBouncyCastle(csr);
    }
  }

  private static void assertReadByBouncyCastle(Csr csr) throws Exception {
    var read = new PKCS10CertificationRequest(Pem.decode("CERTIFICATE REQUEST", csr.pem()));
    var verifier = new JcaContentVerifierProviderBuilder().build(read.getSubjectPublicKeyInfo());
    assertThat(read.isSignatureValid(verifier)).isTrue();
    GeneralNames names =
        GeneralNames.fromExtensions(
            read.getRequestedExtensions(), Extension.subjectAlternativeName);
    assertThat(names.getNames()).singleElement().hasToString("6: " + ID);
  }

  /** One of each profile, from a server whose authorities have such keys. */
  private Map<String, X509Certificate> certificates(String algorithm, boolean named)
      throws IOException {
    ServerFolder server = ServerFolder.create(folder.resolve("server"));
    server.configureMore(
        """
          algorithm: %s
        entitlements:
        - caller: %s
          keys: [ec, rsa]
        """
                .formatted(algorithm, ID)
            + (named ? NAMES : ""));
    try (var _ = SignetProcess.serve(server.config());
        var client = CsrClient.unix(server.socket())) {
      Map<String, X509Certificate> all = new LinkedHashMap<>();
      for (Csr.Key key : Csr.Key.values()) {
        SignedChain chain = client.sign(Csr.ztunnel(folder, key, ID, true));
        all.put("leaf " + key, chain.leaf());
        all.put("issuing", SignedChain.parse(chain.intermediates().getFirst()).getFirst());
        all.put("root", SignedChain.parse(chain.roots()).getFirst());
        assertVerified(chain);
      }
      all.put("the server's own", shownBy("localhost:" + server.workloadPort()));
      return all;
    }
  }

  private static X509Certificate shownBy(String address) throws IOException {
    String said = Openssl.run("s_client", "-connect", address, "-alpn", "h2");
    int begin = said.indexOf("-----BEGIN CERTIFICATE-----");
    String end = "-----END CERTIFICATE-----\n";
    return SignedChain.parse(said.substring(begin, said.indexOf(end) + end.length())).getFirst();
  }

  // NSS has its own idea of a path; the others' verdicts are in ChainAcceptanceE2eTest.
  private void assertVerified(SignedChain chain) throws IOException {
    chain.writeTo(folder);
    String certutil = Peers.require("certutil").toString();
    String database = "sql:" + Files.createTempDirectory(folder, "nss");
    var _ = run(List.of(certutil, "-N", "-d", database, "--empty-password"));
    for (var trusted : Map.of("roots", "CT,,", "intermediates", ",,", "leaf", ",,").entrySet()) {
      String name = trusted.getKey();
      String file = folder.resolve(name + ".pem").toString();
      var _ =
          run(
              List.of(
                  certutil,
                  "-A",
                  "-d",
                  database,
                  "-n",
                  name,
                  "-t",
                  trusted.getValue(),
                  "-i",
                  file));
    }
    for (String usage : List.of("V", "C")) { // server, client
      assertThat(run(List.of(certutil, "-V", "-d", database, "-n", "leaf", "-u", usage, "-e")))
          .contains("certificate is valid");
    }
  }

  private void assertReadTheSame(String profile, X509Certificate certificate) throws Exception {
    Map<String, Reading> readings = Reading.byAll(certificate, folder);
    Reading first = readings.values().iterator().next();
    assertThat(first.issuer()).as(profile).matches("CN=.+,O=Signet");
    assertThat(first.names()).as(profile).isNotEmpty();
    assertThat(first.usage()).as(profile).isNotEmpty();
    assertThat(readings)
        .as(profile)
        .allSatisfy((_, reading) -> assertThat(reading).isEqualTo(first));
  }

  private Path file(X509Certificate certificate) throws IOException {
    return Files.writeString(folder.resolve("lint.pem"), Pem.encode(List.of(certificate)));
  }
}
