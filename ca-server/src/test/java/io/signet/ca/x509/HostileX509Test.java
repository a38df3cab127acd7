package io.signet.ca.x509;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.testing.HostileX509;
import java.nio.file.Path;
import java.util.List;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** CORP-1, CORP-6, CORP-7: what others have made to break parsers gets a result or a refusal. */
final class HostileX509Test {

  // CSR-4, CSR-7, CORP-6. The subject is looked at before the signature; what is said of that here
  // is Bouncy Castle's word, which takes MD4 for good (CSR-5).
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          bad-version.pem                    | broken | version 1 (expected: 0)
          basic_constraints.pem              | broken | subject has [C, ST, L, O, CN]
          challenge-invalid.der              | broken | subject has [C]
          challenge-multi-valued.der         |        | not a well-formed PKCS#10 request
          challenge-unstructured.pem         | good   | subject has [CN]
          challenge.pem                      | good   | subject has [C]
          dsa_sha1.der                       | good   | subject has [CN, O, C, ST, L]
          dsa_sha1.pem                       | good   | subject has [CN, O, C, ST, L]
          ec_sha256.der                      | good   | subject has [CN, O, C, ST, L]
          ec_sha256.pem                      | good   | subject has [CN, O, C, ST, L]
          ec_sha256_old_header.pem           | good   | subject has [CN, O, C, ST, L]
          freeipa-bad-critical.pem           | good   | subject has [O, CN]
          invalid_signature.pem              | broken | subject has [CN]
          long-form-attribute.pem            | broken | subject has [C]
          rsa_md4.der                        | good   | subject has [CN, O, C, ST, L]
          rsa_md4.pem                        | good   | subject has [CN, O, C, ST, L]
          rsa_sha1.der                       | good   | subject has [C, ST, L, O, CN]
          rsa_sha1.pem                       | good   | subject has [C, ST, L, O, CN]
          rsa_sha256.der                     | good   | subject has [C, ST, L, O, CN]
          rsa_sha256.pem                     | good   | subject has [C, ST, L, O, CN]
          san_rsa_sha1.der                   | good   | subject has [C, ST, L, O, CN]
          san_rsa_sha1.pem                   | good   | subject has [C, ST, L, O, CN]
          two_basic_constraints.pem          | broken | subject has [C, ST, L, O, CN]
          unsupported_extension.pem          | broken | subject has [C, ST, L, O, CN]
          unsupported_extension_critical.pem | broken | subject has [C, ST, L, O, CN]
          """)
  void parse_namedRequest_refusedForThis(String name, @Nullable String signature, String reason)
      throws Exception {
    List<byte[]> forms = HostileX509.forms(HostileX509.read(Path.of("requests", name)));
    for (byte[] form : forms.subList(1, forms.size())) {
      assertThatThrownBy(() -> CsrParser.parse(form))
          .isExactlyInstanceOf(CsrException.class)
          .hasMessageContaining(reason);
    }
    // Four of them have a text above the block, and are refused for that already.
    assertThatThrownBy(() -> CsrParser.parse(forms.getFirst())).isInstanceOf(CsrException.class);
    if (signature != null) {
      assertThat(isSignedWell(forms.get(1))).isEqualTo(signature.equals("good"));
    }
  }

  private static boolean isSignedWell(byte[] der) throws Exception {
    var request = new PKCS10CertificationRequest(der);
    return request.isSignatureValid(
        new JcaContentVerifierProviderBuilder()
            .setProvider(Csrs.BC)
            .build(request.getSubjectPublicKeyInfo()));
  }

  @Test
  void requests_ofTheCorpus_allNamedAbove() {
    assertThat(HostileX509.files("requests")).hasSize(25);
  }

  @Test
  void parse_everyFileOfTheCorpus_resultOrCsrException() {
    List<Path> files = HostileX509.files("");
    assertThat(files).hasSize(1743);
    for (Path file : files) {
      for (byte[] form : HostileX509.forms(HostileX509.read(file))) {
        requireResultOrRefusal(file, form);
      }
    }
  }

  private static void requireResultOrRefusal(Path file, byte[] request) {
    try {
      assertThat(CsrParser.parse(request).publicKey()).as(file.toString()).isNotNull();
    } catch (CsrException documented) {
      assertThat(documented).as(file.toString()).hasMessageNotContaining("null");
    }
  }
}
