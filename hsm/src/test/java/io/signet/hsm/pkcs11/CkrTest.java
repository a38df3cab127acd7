package io.signet.hsm.pkcs11;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.security.ProviderException;
import java.security.SignatureException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CkrTest {

  // P11-3
  @ParameterizedTest
  @ValueSource(
      strings = {
        "CKR_USER_NOT_LOGGED_IN",
        "CKR_SESSION_CLOSED",
        "CKR_SESSION_HANDLE_INVALID",
        "CKR_DEVICE_ERROR",
        "CKR_DEVICE_MEMORY",
        "CKR_DEVICE_REMOVED",
        "CKR_HOST_MEMORY",
        "CKR_OBJECT_HANDLE_INVALID",
        "CKR_VENDOR_SPECIFIC_AND_UNLISTED",
      })
  void failure_lostConnection_lost(String code) {
    CustodyException failure = Ckr.failure("token", "cannot sign", thrown(code));

    assertThat(failure.fault()).isEqualTo(Fault.LOST);
    assertThat(failure).hasMessageContaining(code);
  }

  @ParameterizedTest
  @CsvSource({
    "CKR_PIN_INCORRECT, DENIED",
    "CKR_PIN_LOCKED, DENIED",
    "CKR_SESSION_COUNT, BUSY",
    "CKR_CURVE_NOT_SUPPORTED, REJECTED",
    "CKR_CRYPTOKI_NOT_INITIALIZED, FATAL",
  })
  void failure_otherCodes_byTheirClass(String code, Fault fault) {
    assertThat(Ckr.failure("token", "cannot sign", thrown(code)).fault()).isEqualTo(fault);
  }

  @Test
  void failure_withoutCode_lostByTheException() {
    CustodyException failure =
        Ckr.failure("token", "cannot sign", new ProviderException("Token has been removed"));

    assertThat(failure.fault()).isEqualTo(Fault.LOST);
    assertThat(failure).hasMessageContaining("ProviderException");
  }

  // P11-15: the words of the JDK's own pool of sessions
  @ParameterizedTest
  @ValueSource(strings = {"No more sessions available", "Could not obtain session"})
  void failure_noSessionLeft_busy(String words) {
    Exception thrown = new InvalidKeyException("init", new ProviderException(words));

    CustodyException failure = Ckr.failure("token", "cannot sign", thrown);

    assertThat(failure.fault()).isEqualTo(Fault.BUSY);
    assertThat(failure).hasMessageContaining("the token has no session left");
  }

  // What SunPKCS11 says of a key size that the token's mechanism does not have.
  @Test
  void failure_keySizeNotSupported_rejected() {
    String words = "RSA key must be at most 2048 bits.";

    CustodyException failure =
        Ckr.failure("token", "cannot make", new InvalidAlgorithmParameterException(words));

    assertThat(failure.fault()).isEqualTo(Fault.REJECTED);
    assertThat(failure).hasMessageContaining(words);
  }

  @Test
  void failure_vendorsNumber_inHex() {
    CustodyException failure = Ckr.failure("token", "C_Login", 0x80000107L);

    assertThat(failure.fault()).isEqualTo(Fault.LOST);
    assertThat(failure).hasMessageContaining("CKR_0x80000107");
  }

  // SunPKCS11 wraps its own exception, which tells the code as text.
  private static SignatureException thrown(String code) {
    return new SignatureException("sign", new ProviderException(new Exception(code)));
  }
}
