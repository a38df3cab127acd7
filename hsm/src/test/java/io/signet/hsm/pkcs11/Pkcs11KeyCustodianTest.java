package io.signet.hsm.pkcs11;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.hsm.CustodianListener;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.ForeignKey;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import java.io.IOException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.RSAPrivateKey;
import java.util.HexFormat;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What only a token does; the rest is in the contract. */
final class Pkcs11KeyCustodianTest {

  private static final KeyLabel ROOT = new KeyLabel("root-1");
  private static final byte[] MESSAGE = "to be signed".getBytes(UTF_8);

  private static final KeyLabel OTHER = new KeyLabel("root-2");
  private static final long CKA_PRIVATE = 0x002;
  private static final long CKA_PRIVATE_EXPONENT = 0x123;

  private Pkcs11KeyCustodian custodian;

  @BeforeEach
  void open() throws CustodyException {
    SoftHsm.empty(SoftHsm.CUSTODY);
    custodian = opened();
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
      assertNotGivenOut(token, key, algorithm);
    }
  }

  private static void assertNotGivenOut(NativeSession token, long key, KeyAlgorithm algorithm) {
    long secret = algorithm.family().equals("RSA") ? CKA_PRIVATE_EXPONENT : Attribute.CKA_VALUE;
    assertFault(Fault.DENIED, "CKR_ATTRIBUTE_SENSITIVE", () -> token.attribute(key, secret));
  }

  // P11-12: it was in this process once, and the token does not give it out again.
  @ParameterizedTest
  @EnumSource(
      value = KeyAlgorithm.class,
      names = {"EC_P256", "EC_P384", "RSA_2048"})
  void importKey_key_doesNotComeOutAgain(KeyAlgorithm algorithm) throws Exception {
    KeyHandle key = custodian.importKey(ROOT, newPair(algorithm));

    try (NativeSession token = SoftHsm.session(SoftHsm.CUSTODY);
        TokenSession session = session()) {
      long object = the(token, Attribute.privateKey(), ROOT);
      assertThat(token.flag(object, Attribute.CKA_TOKEN)).isTrue();
      assertThat(token.flag(object, CKA_PRIVATE)).isTrue();
      assertThat(token.flag(object, Attribute.CKA_SENSITIVE)).isTrue();
      assertThat(token.flag(object, Attribute.CKA_EXTRACTABLE)).isFalse();
      assertThat(token.attribute(object, Attribute.CKA_ID))
          .hasValue(TokenKey.idOf(key.publicKey()).value());
      assertNotGivenOut(token, object, algorithm);
      assertThat(session.reference(ROOT, key.publicKey()).getEncoded()).isNull();
    }
  }

  private static KeyPair newPair(KeyAlgorithm algorithm) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm.family());
    generator.initialize(algorithm.generation());
    return generator.generateKeyPair();
  }

  @Test
  void destroy_importedKey_leavesNothingOnTheToken() throws Exception {
    KeyHandle key = custodian.importKey(ROOT, newPair(KeyAlgorithm.RSA_2048));

    custodian.destroy(key);

    try (NativeSession token = SoftHsm.session(SoftHsm.CUSTODY)) {
      assertThat(token.find()).isEmpty();
    }
  }

  // P11-11: it is there, though under no label of ours.
  @Test
  void importKey_keyWithoutCertificate_saysSo() throws Exception {
    KeyPair pair = newPair(KeyAlgorithm.EC_P256);
    KeyHandle _ = custodian.importKey(OTHER, pair);
    try (NativeSession token = SoftHsm.session(SoftHsm.CUSTODY)) {
      token.destroy(the(token, Attribute.certificate(), OTHER));
    }

    assertFault(Fault.REJECTED, "no certificate", () -> custodian.importKey(ROOT, pair));
  }

  // KC-7: in both, the key can be taken in again, and is there once.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void importKey_afterCrash_oneKey(boolean certified) throws Exception {
    KeyPair pair = newPair(KeyAlgorithm.EC_P256);
    try (TokenSession crashed = session();
        NativeSession token = SoftHsm.session(SoftHsm.CUSTODY)) {
      TokenSession.Unfinished key = crashed.begin(ForeignKey.of(ROOT, pair));
      if (certified) {
        new TokenKeys(token, "token").certify(ROOT, crashed.placeholder(key));
      }
    }
    assertThat(custodian.find(ROOT)).isEmpty();
    assertThat(custodian.find(pair.getPublic())).isEmpty();

    KeyHandle key = custodian.importKey(ROOT, pair);

    assertThat(custodian.find(pair.getPublic())).containsSame(key);
    try (NativeSession token = SoftHsm.session(SoftHsm.CUSTODY)) {
      assertThat(token.find(Attribute.privateKey())).hasSize(1);
      assertThat(token.find(Attribute.certificate())).hasSize(1);
    }
  }

  // KC-1: a handle that is out of use says nothing of the key that is imported anew.
  @Test
  void importKey_destroyedByAnotherProcess_newHandle() throws Exception {
    KeyPair pair = newPair(KeyAlgorithm.EC_P256);
    KeyHandle old = custodian.importKey(ROOT, pair);
    try (Pkcs11KeyCustodian another = opened()) {
      another.destroy(another.find(ROOT).orElseThrow());
    }

    KeyHandle young = custodian.importKey(ROOT, pair);

    assertThat(young).isNotSameAs(old);
    assertThat(young.sign(MESSAGE)).isNotEmpty();
    assertFault(Fault.REJECTED, "it was destroyed", () -> old.sign(MESSAGE));
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
      assertThat(token.find(Attribute.onToken())).isEmpty();
    }
  }

  // P11-15: a token has few sessions, and SunPKCS11 gives none back.
  @Test
  void generate_often_opensNoFurtherSessions() throws Exception {
    Pkcs11Settings spied = Pkcs11Settings.of(SoftHsm.spy(), SoftHsm.CUSTODY);
    try (Pkcs11KeyCustodian watched =
        Pkcs11KeyCustodian.open(spied, SoftHsm.pin(), CustodianListener.NONE)) {
      watched.destroy(watched.generate(ROOT, KeyAlgorithm.EC_P256));
      long before = openSessions();
      for (int i = 0; i < 8; i++) {
        watched.destroy(watched.generate(ROOT, KeyAlgorithm.EC_P256));
      }
      assertThat(openSessions()).isLessThanOrEqualTo(before);
    }
  }

  private static long openSessions() throws IOException {
    return SoftHsm.spied("C_OpenSession") - SoftHsm.spied("C_CloseSession");
  }

  // CT-1, KC-7: in each of the next three, the label is free and becomes that of one key.
  @Test
  void generate_afterCrashBeforeName_oneKey() throws Exception {
    try (TokenSession crashed = session();
        NativeSession token = SoftHsm.session(SoftHsm.CUSTODY)) {
      TokenSession.Unfinished key = crashed.begin(ROOT, KeyAlgorithm.EC_P256);
      token.set(key.object(), Attribute.label(TokenKeys.UNFINISHED));
    }
    assertOneKeyOfRoot();
  }

  @Test
  void generate_afterCrashBeforeCertificate_oneKey() throws Exception {
    try (TokenSession crashed = session()) {
      TokenSession.Unfinished _ = crashed.begin(ROOT, KeyAlgorithm.EC_P256);
    }
    assertOneKeyOfRoot();
  }

  @Test
  void generate_afterCrashBeforeCommit_oneKey() throws Exception {
    try (TokenSession crashed = session();
        NativeSession token = SoftHsm.session(SoftHsm.CUSTODY)) {
      TokenSession.Unfinished key = crashed.begin(ROOT, KeyAlgorithm.EC_P256);
      new TokenKeys(token, "token").certify(ROOT, crashed.placeholder(key));
    }
    assertOneKeyOfRoot();
  }

  // KC-7: destruction ended after the private key.
  @Test
  void generate_afterCrashOfDestroy_oneKey() throws Exception {
    KeyHandle old = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
    try (NativeSession token = SoftHsm.session(SoftHsm.CUSTODY)) {
      token.destroy(token.find(Attribute.privateKey()).getFirst());
    }
    assertThat(custodian.find(old.publicKey())).isEmpty();
    assertOneKeyOfRoot();
  }

  private void assertOneKeyOfRoot() throws CustodyException {
    assertThat(custodian.find(ROOT)).isEmpty();

    KeyHandle key = custodian.generate(ROOT, KeyAlgorithm.EC_P256);

    assertThat(key.sign(MESSAGE)).isNotEmpty();
    assertThat(custodian.find(ROOT)).containsSame(key);
    assertThat(custodian.find(key.publicKey())).containsSame(key);
    try (NativeSession token = SoftHsm.session(SoftHsm.CUSTODY)) {
      assertThat(token.find(Attribute.privateKey())).hasSize(1);
      assertThat(token.find(Attribute.certificate())).hasSize(1);
    }
  }

  // KC-1: the device does not sign with the key that it has just made.
  @Test
  void finish_signatureDoesNotVerify_brokenAndNoKeyLeft() throws Exception {
    KeyHandle another = custodian.generate(OTHER, KeyAlgorithm.EC_P256);
    try (TokenSession session = session();
        NativeSession token = SoftHsm.session(SoftHsm.CUSTODY)) {
      TokenSession.Unfinished key = session.begin(ROOT, KeyAlgorithm.EC_P256);
      KeyPair mixed = new KeyPair(another.publicKey(), key.pair().getPrivate());

      assertFault(
          Fault.BROKEN,
          "does not verify",
          () ->
              session.finish(
                  new TokenSession.Unfinished(
                      ROOT, key.algorithm(), mixed, key.maker(), key.object())));

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
    KeyHandle key = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
    try (NativeSession token = SoftHsm.session(SoftHsm.CUSTODY)) {
      token.destroy(token.find(Attribute.certificate()).getFirst());
    }

    assertFault(Fault.REJECTED, "no certificate", () -> custodian.find(ROOT));
    assertFault(Fault.REJECTED, "no certificate", () -> custodian.find(key.publicKey()));
    assertFault(
        Fault.REJECTED,
        "CKA_ID " + HexFormat.of().formatHex(TokenKey.idOf(key.publicKey()).value()),
        () -> custodian.generate(ROOT, KeyAlgorithm.EC_P256));
  }

  // P11-11: two processes stored a key under one label in the same moment. Often, for which of them
  // is seen must not depend on where the JVM has put something.
  @Test
  void find_twoKeysOfOneLabel_brokenByLabelAndEachByPublicKey() throws Exception {
    KeyHandle first = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
    KeyHandle second = custodian.generate(OTHER, KeyAlgorithm.EC_P256);
    relabel(OTHER, ROOT.value());

    for (int i = 0; i < 20; i++) {
      assertFault(Fault.BROKEN, "2 keys have this label", () -> custodian.find(ROOT));
      assertThat(custodian.find(first.publicKey())).containsSame(first);
      assertThat(custodian.find(second.publicKey())).containsSame(second);
    }
    assertFault(
        Fault.BROKEN,
        "2 keys have this label",
        () -> custodian.generate(ROOT, KeyAlgorithm.EC_P256));
  }

  // P11-11
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void destroy_oneOfTwoKeysOfOneLabel_theOtherStays(boolean older) throws Exception {
    KeyHandle first = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
    KeyHandle second = custodian.generate(OTHER, KeyAlgorithm.EC_P256);
    relabel(OTHER, ROOT.value());
    KeyHandle doomed = older ? first : second;
    KeyHandle kept = older ? second : first;

    custodian.destroy(doomed);

    assertThat(custodian.find(doomed.publicKey())).isEmpty();
    assertFault(Fault.REJECTED, "it was destroyed", () -> doomed.sign(MESSAGE));
    assertThat(custodian.find(ROOT)).containsSame(kept);
    assertThat(kept.sign(MESSAGE)).isNotEmpty();
    try (NativeSession token = SoftHsm.session(SoftHsm.CUSTODY)) {
      assertThat(token.find(Attribute.privateKey())).hasSize(1);
      assertThat(token.find(Attribute.certificate())).hasSize(1);
    }
  }

  // What other tools do: the token is asked for one key and may take the other.
  @Test
  void find_twoKeysOfOneCkaId_brokenAndNothingDestroyed() throws Exception {
    KeyHandle first = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
    KeyHandle second = custodian.generate(OTHER, KeyAlgorithm.EC_P256);
    change(OTHER, TokenKey.idOf(first.publicKey()));

    for (KeyHandle key : List.of(first, second)) {
      assertFault(Fault.BROKEN, "2 private keys", () -> custodian.find(key.label()));
      assertFault(Fault.BROKEN, "2 private keys", () -> custodian.find(key.publicKey()));
      assertFault(Fault.BROKEN, "2 private keys", () -> custodian.destroy(key));
    }
    try (NativeSession token = SoftHsm.session(SoftHsm.CUSTODY)) {
      assertThat(token.find(Attribute.privateKey())).hasSize(2);
    }
  }

  // KC-2, P11-7: a certificate only claims whose key it is.
  @Test
  void find_certificateOfAnotherKey_broken() throws Exception {
    KeyHandle key = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
    KeyHandle claimed = custodian.generate(OTHER, KeyAlgorithm.EC_P256);
    try (NativeSession token = SoftHsm.session(SoftHsm.CUSTODY)) {
      token.destroy(the(token, Attribute.certificate(), ROOT));
      token.destroy(the(token, Attribute.privateKey(), OTHER));
      token.set(the(token, Attribute.certificate(), OTHER), TokenKey.idOf(key.publicKey()));
    }

    try (Pkcs11KeyCustodian unaware = opened()) {
      assertFault(Fault.BROKEN, "did not verify", () -> unaware.find(claimed.publicKey()));
      assertFault(Fault.BROKEN, "did not verify", () -> unaware.find(OTHER));
    }
  }

  // KC-1: a key that is out of use stays so when it is hidden for a while.
  @Test
  void destroy_keyThatIsNotThere_sameHandleWhenItIsBack() throws Exception {
    KeyHandle key = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
    change(ROOT, Attribute.id(new byte[] {1}), Attribute.certificate());
    change(ROOT, Attribute.id(new byte[] {2}), Attribute.privateKey());

    custodian.destroy(key);
    change(ROOT, TokenKey.idOf(key.publicKey()));

    assertThat(custodian.find(key.publicKey())).containsSame(key);
  }

  @Test
  void find_foreignLabelWithSlash_isNotTheLabelBeforeIt() throws Exception {
    KeyHandle key = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
    relabel(ROOT, "root-1/imported");

    assertThat(custodian.find(ROOT)).isEmpty();
    try (Pkcs11KeyCustodian unaware = opened()) {
      assertFault(
          Fault.REJECTED, "\"root-1/imported\" (expected: ", () -> unaware.find(key.publicKey()));
    }
  }

  // A CA's certificate may have any label, and is not ours to destroy.
  @Test
  void destroy_foreignCertificateOfTheLabel_stays() throws Exception {
    KeyHandle foreign = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
    try (NativeSession token = SoftHsm.session(SoftHsm.CUSTODY)) {
      token.destroy(the(token, Attribute.privateKey(), ROOT));
      token.set(the(token, Attribute.certificate(), ROOT), Attribute.id(new byte[] {1}));

      custodian.destroy(custodian.generate(ROOT, KeyAlgorithm.EC_P256));

      assertThat(token.find(Attribute.certificate())).hasSize(1);
      assertThat(custodian.find(foreign.publicKey())).isEmpty();
    }
  }

  // KC-7: what an earlier destruction has left goes with the next key of the label.
  @Test
  void destroy_orphanOfTheLabel_goesToo() throws Exception {
    KeyHandle _ = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
    KeyHandle key = custodian.generate(OTHER, KeyAlgorithm.EC_P256);
    try (NativeSession token = SoftHsm.session(SoftHsm.CUSTODY)) {
      token.destroy(the(token, Attribute.privateKey(), ROOT));
      relabel(OTHER, ROOT.value());

      custodian.destroy(key);

      assertThat(token.find(Attribute.onToken())).isEmpty();
    }
  }

  // P11-9: the reference that this process has kept is dead; that must not look like a lost token.
  @Test
  void sign_keyDestroyedByAnotherProcess_rejected() throws Exception {
    KeyHandle key = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
    assertThat(key.sign(MESSAGE)).isNotEmpty();

    try (Pkcs11KeyCustodian another = opened()) {
      another.destroy(another.find(ROOT).orElseThrow());
    }

    assertFault(Fault.REJECTED, "not on the token any more", () -> key.sign(MESSAGE));
    assertFault(Fault.REJECTED, "not on the token any more", () -> key.sign(MESSAGE));
  }

  // P11-6: closing one custodian logs nobody out.
  @Test
  void close_otherCustodianOnTheToken_goesOnSigning() throws Exception {
    KeyHandle key = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
    opened().close();

    assertThat(key.sign(MESSAGE)).isNotEmpty();
  }

  private static void relabel(KeyLabel from, String to) throws CustodyException {
    change(from, Attribute.label(to));
  }

  /** Changes both halves of the key, as another tool would. */
  private static void change(KeyLabel label, Attribute to) throws CustodyException {
    change(label, to, Attribute.privateKey());
    change(label, to, Attribute.certificate());
  }

  private static void change(KeyLabel label, Attribute to, Attribute half) throws CustodyException {
    try (NativeSession token = SoftHsm.session(SoftHsm.CUSTODY)) {
      token.set(the(token, half, label), to);
    }
  }

  private static long the(NativeSession token, Attribute kind, KeyLabel label)
      throws CustodyException {
    List<Long> objects = token.find(kind, Attribute.label(label.value()));
    assertThat(objects).hasSize(1);
    return objects.getFirst();
  }

  private static Pkcs11KeyCustodian opened() throws CustodyException {
    return Pkcs11KeyCustodian.open(
        SoftHsm.settings(SoftHsm.CUSTODY), SoftHsm.pin(), CustodianListener.NONE);
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
