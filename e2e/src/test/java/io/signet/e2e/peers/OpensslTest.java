package io.signet.e2e.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("e2e")
final class OpensslTest {
  @Test
  void run_version_returnsOutput() throws IOException {
    assertThat(Openssl.run("version")).startsWith("OpenSSL 3");
  }

  @Test
  void run_refused_throwsWhatItSaid() {
    assertThatThrownBy(() -> Openssl.run("x509", "-in", "/no/such/file"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("exited with 1")
        .hasMessageContaining("/no/such/file");
  }
}
