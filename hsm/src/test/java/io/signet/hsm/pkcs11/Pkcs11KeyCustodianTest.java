package io.signet.hsm.pkcs11;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.RSAPrivateKey;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What only a token does; the rest is in the contract. */
final class Pkcs11KeyCustodianTest {

  private static final KeyLabel ROOT = new KeyLabel("root-1");
  private static final byte[] MESSAGE = "to be signed".getBytes(UTF_8);

  private static final long CKO_CERTIFICATE = 1;
  private static final long CKA_VALUE = 0x011;
  private static final long CKA_PRIVATE_EXPONENT = 0x123;

  private Pkcs11KeyCustodian custodian;

  @BeforeEach
  void open() throws CustodyException {
    SoftHsm.empty(SoftHsm.CUSTODY);
    custodian = Pkcs11KeyCustodian.open(SoftHsm.settings(SoftHsm.CUSTODY), SoftHsm.pin());
  }

  @AfterEach
  void close() {
    custodian.close();
  }

  // P11-12: the private key was never in this process, says the token, and it does not give it out.
  @ParameterizedTest
  @EnumSource(
      value = KeyAlgorithm.class,
      names = {"EC_P256", "EC_P384", "RSA_2048"})
  void generate_key_neverLeavesTheToken(KeyAlgorithm algorithm) throws Exception {
    KeyHandle _ = custodian.generate(ROOT, algorithm);

    try (NativeSession token = SoftHsm.session(SoftHsm.CUSTODY)) {
      List<Long> keys = token.find(Attribute.privateKey());
      assertThat(keys).hasSize(1);
      long key = keys.getFirst();
      assertThat(token.flag(key, Attribute.CKA_TOKEN)).isTrue();
      assertThat(token.flag(key, Attribute.CKA_SENSITIVE)).isTrue();
      assertThat(token.flag(key, Attribute.CKA_ALWAYS_SENSITIVE)).isTrue();
      assertThat(token.flag(key, Attribute.CKA_EXTRACTABLE)).isFalse();
      assertThat(token.flag(key, Attribute.CKA_NEVER_EXTRACTABLE)).isTrue();

      long secret = algorithm.family().equals("RSA") ? CKA_PRIVATE_EXPONENT : CKA_VALUE;
      assertFault(Fault.DENIED, "CKR_ATTRIBUTE_SENSITIVE", () -> token.attribute(key, secret));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = KeyAlgorithm.class,
      names = {"EC_P256", "RSA_2048"})
  void generate_reference_hasNothingToEncode(KeyAlgorithm algorithm) throws Exception {
    KeyHandle key = custodian.generate(ROOT, algorithm);

    try (TokenSession session = session()) {
      PrivateKey reference = session.reference(ROOT, key.publicKey());
      assertThat(reference.getEncoded()).isNull();
      assertThat(reference.getFormat()).isNull();
      assertThat(reference)
          .isNotInstanceOf(ECPrivateKey.class)
          .isNotInstanceOf(RSAPrivateKey.class);
    }
  }

  @Test
  void destroy_key_leavesNothingOnTheToken() throws Exception {
    KeyHandle key = custodian.generate(ROOT, KeyAlgorithm.EC_P256);

    custodian.destroy(key);

    try (NativeSession token = SoftHsm.session(SoftHsm.CUSTODY)) {
      assertThat(token.find(new Attribute(Attribute.CKA_TOKEN, new byte[] {1}))).isEmpty();
    }
  }

  // CT-1, KC-7
  @Test
  void generate_afterCrashBeforeCertificate_oneKey() throws Exception {
    try (TokenSession crashed = session()) {
      TokenSession.Unfinished _ = crashed.begin(ROOT, KeyAlgorithm.EC_P256);
    }
    assertThat(custodian.find(ROOT)).isEmpty();

    KeyHandle key = custodian.generate(ROOT, KeyAlgorithm.EC_P256);

    assertThat(key.sign(MESSAGE)).isNotEmpty();
    try (NativeSession token = SoftHsm.session(SoftHsm.CUSTODY)) {
      assertThat(token.find(Attribute.privateKey())).hasSize(1);
    }
  }

  @Test
  void generate_labelTakenMeanwhile_rejectedAndOtherKeyStays() throws Exception {
    KeyHandle faster = custodian.generate(ROOT, KeyAlgorithm.EC_P256);

    try (TokenSession slower = session()) {
      TokenSession.Unfinished key = slower.begin(ROOT, KeyAlgorithm.EC_P256);
      assertFault(Fault.REJECTED, "root-1", () -> slower.finish(key));
    }

    assertThat(faster.sign(MESSAGE)).isNotEmpty();
    try (NativeSession token = SoftHsm.session(SoftHsm.CUSTODY)) {
      assertThat(token.find(Attribute.privateKey())).hasSize(1);
    }
  }

  // P11-10
  @Test
  void find_keyWithoutCertificate_saysSo() throws Exception {
    KeyHandle _ = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
    try (NativeSession token = SoftHsm.session(SoftHsm.CUSTODY)) {
      for (long object : token.find(Attribute.ofClass(CKO_CERTIFICATE))) {
        token.destroy(object);
      }
    }

    assertFault(Fault.REJECTED, "no certificate", () -> custodian.find(ROOT));
    assertFault(
        Fault.REJECTED,
        "CKA_ID 726f6f742d31", // root-1
        () -> custodian.generate(ROOT, KeyAlgorithm.EC_P256));
  }

  // P11-11: two processes stored a key under one label in the same moment.
  @Test
  void find_twoKeysOfOneLabel_broken() throws Exception {
    KeyLabel other = new KeyLabel("root-2");
    try (TokenSession second = session();
        NativeSession token = SoftHsm.session(SoftHsm.CUSTODY)) {
      TokenSession.Unfinished key = second.begin(other, KeyAlgorithm.EC_P256);
      KeyStore unaware = KeyStore.getInstance("PKCS11", key.provider());
      unaware.load(null, null);
      KeyHandle first = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
      Certificate[] chain = {key.placeholder()};
      unaware.setKeyEntry(ROOT.value(), key.pair().getPrivate(), null, chain);

      assertFault(Fault.BROKEN, "2 keys have this label", () -> custodian.find(ROOT));
      assertFault(Fault.BROKEN, "2 keys have this label", () -> custodian.destroy(first));
      assertThat(token.find(Attribute.privateKey())).hasSize(2);
    }
  }

  // P11-3: the custodian says that the connection is to be recovered.
  @Test
  void sign_keyRemovedBehindOurBack_lost() throws Exception {
    KeyHandle key = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
    assertThat(key.sign(MESSAGE)).isNotEmpty();

    SoftHsm.empty(SoftHsm.CUSTODY);

    assertFault(Fault.LOST, "root-1", () -> key.sign(MESSAGE));
  }

  // P11-6: closing one custodian logs nobody out.
  @Test
  void close_otherCustodianOnTheToken_goesOnSigning() throws Exception {
    KeyHandle key = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
    Pkcs11KeyCustodian.open(SoftHsm.settings(SoftHsm.CUSTODY), SoftHsm.pin()).close();

    assertThat(key.sign(MESSAGE)).isNotEmpty();
  }

  private static TokenSession session() throws CustodyException {
    return TokenSession.open(SoftHsm.settings(SoftHsm.CUSTODY), SoftHsm.pin());
  }

  private static void assertFault(Fault fault, String text, ThrowingCallable call) {
    assertThatThrownBy(call)
        .hasMessageContaining(text)
        .isInstanceOfSatisfying(
            CustodyException.class, e -> assertThat(e.fault()).as(e.getMessage()).isEqualTo(fault));
  }
}
