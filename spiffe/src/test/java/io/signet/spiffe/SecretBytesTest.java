package io.signet.spiffe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;

class SecretBytesTest {
  private static final SecretAccess ACCESS = SecretAccess.grant();

  @Test
  void copyOf_laterChangeOfTheArgument_isNotSeen() {
    byte[] given = {1, 2, 3};
    SecretBytes secret = SecretBytes.copyOf(given);
    given[0] = 9;
    assertThat(secret.reveal(ACCESS)).containsExactly(1, 2, 3);
  }

  @Test
  void reveal_laterChangeOfTheResult_isNotSeen() {
    SecretBytes secret = secret(1, 2, 3);
    secret.reveal(ACCESS)[0] = 9;
    assertThat(secret.reveal(ACCESS)).containsExactly(1, 2, 3);
  }

  @Test
  void sameAs_comparesContent() {
    assertThat(secret(1, 2).sameAs(secret(1, 2))).isTrue();
    assertThat(secret(1, 2).sameAs(secret(1, 3))).isFalse();
    assertThat(secret(1, 2).sameAs(secret(1, 2, 3))).isFalse();
    assertThat(secret().sameAs(secret())).isTrue();
  }

  @Test
  void sameAs_itself_isTrue() {
    SecretBytes secret = secret(1);
    assertThat(secret.sameAs(secret)).isTrue();
  }

  @Test
  void equals_sameContent_isIdentity() {
    SecretBytes secret = secret(1);
    assertThat(secret).isNotEqualTo(secret(1)).isEqualTo(secret);
  }

  @Test
  void toString_showsTheLengthOnly() {
    assertThat(SecretBytes.copyOf(new byte[32])).hasToString("SecretBytes[32 bytes]");
  }

  @Test
  void destroy_revealAndSameAs_refused() {
    SecretBytes secret = secret(1, 2, 3);
    secret.destroy();
    secret.destroy();
    assertThat(secret.isDestroyed()).isTrue();
    assertThat(secret.length()).isEqualTo(3);
    assertThatIllegalStateException().isThrownBy(() -> secret.reveal(ACCESS));
    assertThatIllegalStateException().isThrownBy(() -> secret.sameAs(secret(1)));
    assertThatIllegalStateException().isThrownBy(() -> secret(1).sameAs(secret));
  }

  private static SecretBytes secret(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return SecretBytes.copyOf(bytes);
  }
}
