package io.signet.ca.x509;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.signet.ca.testing.HostileX509;
import io.signet.spiffe.Pem;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * CSR-2, CORP-7, ISTIO-97: any bytes as a request, beginning with those that others have made
 * (CORP-1). Of a CSR, only what is parsed here ever reaches the signer.
 */
final class CsrFuzz {

  @MethodSource("seeds")
  @FuzzTest(maxExecutions = 50_000, maxDuration = "")
  void parse(byte[] request) {
    try {
      assertThat(CsrParser.parse(request).publicKey()).isNotNull();
    } catch (CsrException documented) {
      assertThat(documented.getMessage()).hasSizeLessThan(300).doesNotContain("null", "Exception");
    }
  }

  static Stream<byte[]> seeds() {
    return Stream.concat(
        HostileX509.files("requests").stream().map(HostileX509::read),
        Stream.of(
            Csrs.good().der(),
            Csrs.good().keys(Csrs.RSA_2048).der(),
            Pem.encode("CERTIFICATE REQUEST", Csrs.good().der())
                .getBytes(StandardCharsets.US_ASCII)));
  }
}
