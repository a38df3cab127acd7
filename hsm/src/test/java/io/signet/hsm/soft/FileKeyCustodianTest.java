package io.signet.hsm.soft;

import static io.signet.hsm.Faults.assertFault;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What only files do; the rest is in the contract. */
final class FileKeyCustodianTest {

  private static final KeyLabel ROOT = new KeyLabel("root-1");
  private static final byte[] MESSAGE = "to be signed".getBytes(UTF_8);
  private static final String PASSPHRASE = "correct horse battery";
  private static final int FEW_ITERATIONS = 10;

  @TempDir private Path parent;
  private Path directory;
  private Path keyFile;

  @BeforeEach
  void paths() {
    directory = parent.resolve("keys");
    keyFile = directory.resolve("root-1.key");
  }

  @Test
  void open_missingDirectory_madeForItsOwnerOnly() throws Exception {
    makeRoot();

    assertThat(mode(directory)).isEqualTo("rwx------");
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files).isNotEmpty().allSatisfy(f -> assertThat(mode(f)).isEqualTo("rw-------"));
    }
  }

  // The public door, with as many iterations as in earnest.
  @Test
  void open_publicDoor_sealsAndUnseals() throws Exception {
    FileSecret secret = FileSecret.passphrase(PASSPHRASE.toCharArray());
    try (FileKeyCustodian custodian = FileKeyCustodian.open(directory, secret)) {
      KeyHandle _ = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
    }
    try (FileKeyCustodian custodian = FileKeyCustodian.open(directory, secret)) {
      assertThat(custodian.find(ROOT).orElseThrow().sign(MESSAGE)).isNotEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-r-----", "rw----r--", "rw--w----"})
  void open_keyFileOpenToOthers_deniedNamingFileAndMode(String mode) throws Exception {
    makeRoot();
    setMode(keyFile, mode);

    assertRefused(Fault.DENIED).hasMessageContaining(keyFile.toString()).hasMessageContaining(mode);
  }

  @Test
  void open_directoryOpenToOthers_denied() throws Exception {
    makeRoot();
    setMode(directory, "rwxr-x---");

    assertRefused(Fault.DENIED).hasMessageContaining(directory + " is open to others: rwxr-x---");
  }

  @Test
  void open_wrongPassphraseWithoutAnyKey_denied() throws Exception {
    open().close();

    assertRefused(Fault.DENIED, "wrong").hasMessageContaining("passphrase");
    open().close();
  }

  @Test
  void open_wrongPassphraseAndCheckFileLost_denied() throws Exception {
    makeRoot();
    Files.delete(directory.resolve("passphrase.check"));

    assertRefused(Fault.DENIED, "wrong").hasMessageContaining("passphrase");
    open().close();
  }

  @Test
  void changeSecret_severalKeys_allUnderTheNewOneAndUsableMeanwhile() throws Exception {
    makeRoot();
    try (FileKeyCustodian custodian = open()) {
      KeyHandle second = custodian.generate(new KeyLabel("root-2"), KeyAlgorithm.EC_P256);
      custodian.changeSecret(secret("another one"));
      assertThat(second.sign(MESSAGE)).isNotEmpty();
      KeyHandle _ = custodian.generate(new KeyLabel("root-3"), KeyAlgorithm.EC_P256);
    }

    assertRefused(Fault.DENIED).hasMessageContaining("passphrase");
    try (FileKeyCustodian custodian = open("another one")) {
      for (String label : List.of("root-1", "root-2", "root-3")) {
        assertThat(custodian.find(new KeyLabel(label)).orElseThrow().sign(MESSAGE)).isNotEmpty();
      }
    }
  }

  // All or none: what was decided before the end of the process is done by the next.
  @Test
  void open_processEndedWhilePassphraseWasChanged_newOneForAll() throws Exception {
    makeRoot();
    Map<String, byte[]> old = files();
    try (FileKeyCustodian custodian = open()) {
      custodian.changeSecret(secret("another one"));
    }
    Map<String, byte[]> changed = files();
    String done = changed.keySet().iterator().next();
    for (Map.Entry<String, byte[]> file : old.entrySet()) {
      if (!file.getKey().equals(done)) {
        Files.write(directory.resolve(file.getKey()), file.getValue());
      }
    }
    Path ahead = Files.write(directory.resolve("write-ahead"), WriteAhead.of(changed));
    setMode(ahead, "rw-------");

    try (FileKeyCustodian custodian = open("another one")) {
      assertThat(custodian.find(ROOT).orElseThrow().sign(MESSAGE)).isNotEmpty();
    }
    assertThat(ahead).doesNotExist();
  }

  // Who reads only that it failed would go on with a passphrase that is gone.
  @Test
  void changeSecret_diskFailsOnceItIsDecided_newOneCountsAndTheMessageSaysSo() throws Exception {
    makeRoot();
    Path obstacle = Files.createDirectories(directory.resolve("root-1.key.tmp/in-the-way"));
    try (FileKeyCustodian custodian = open()) {
      assertThatThrownBy(() -> custodian.changeSecret(secret("another one")))
          .hasMessageContaining("the new passphrase counts from now on");
      KeyHandle _ = custodian.generate(new KeyLabel("root-2"), KeyAlgorithm.EC_P256);
    }
    Files.delete(obstacle);
    Files.delete(obstacle.getParent());

    try (FileKeyCustodian custodian = open("another one")) {
      assertThat(custodian.find(ROOT).orElseThrow().sign(MESSAGE)).isNotEmpty();
      assertThat(custodian.find(new KeyLabel("root-2"))).isPresent();
    }
    assertRefused(Fault.DENIED).hasMessageContaining("passphrase");
  }

  private Map<String, byte[]> files() throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> all = Files.list(directory)) {
      for (Path file : all.filter(each -> !each.endsWith("lock")).toList()) {
        files.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    }
    return files;
  }

  @Test
  void open_secretOfTheOtherKind_deniedAndSaysWhich() throws Exception {
    makeRoot();
    FileSecret keyFile = keyFile(1);
    Path check = directory.resolve("passphrase.check");

    assertFault(Fault.DENIED, () -> FileKeyCustodian.open(directory, keyFile))
        .hasMessage("key file " + check + " is under a passphrase (expected: under a key-file)");

    try (FileKeyCustodian custodian = open()) {
      custodian.changeSecret(keyFile);
    }
    assertRefused(Fault.DENIED)
        .hasMessage("key file " + check + " is under a key-file (expected: under a passphrase)");
    FileKeyCustodian.open(directory, keyFile).close();
  }

  @Test
  void open_otherKeyFile_denied() throws Exception {
    FileKeyCustodian.open(directory, keyFile(1)).close();

    assertFault(Fault.DENIED, () -> FileKeyCustodian.open(directory, keyFile(2)))
        .hasMessageContaining("the key-file is wrong, or somebody has changed the file");
  }

  // Whichever kind it was under, all are under the other.
  @Test
  void changeSecret_toKeyFileAndBack_sameKeys() throws Exception {
    PublicKey root = makeRoot();
    FileSecret keyFile = keyFile(1);
    try (FileKeyCustodian custodian = open()) {
      custodian.changeSecret(keyFile);
    }
    try (FileKeyCustodian custodian = FileKeyCustodian.open(directory, keyFile)) {
      assertThat(custodian.find(root)).isPresent();
      custodian.changeSecret(secret("another one"));
    }
    try (FileKeyCustodian custodian = open("another one")) {
      assertThat(custodian.find(root).orElseThrow().sign(MESSAGE)).isNotEmpty();
    }
  }

  // The caller's copy is the caller's.
  @Test
  void open_secretClosedAfterwards_goesOn() throws Exception {
    FileSecret secret = secret(PASSPHRASE);
    try (FileKeyCustodian custodian = FileKeyCustodian.open(directory, secret)) {
      secret.close();
      KeyHandle _ = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
      FileSecret next = keyFile(1);
      custodian.changeSecret(next);
      next.close();
      KeyHandle _ = custodian.generate(new KeyLabel("root-2"), KeyAlgorithm.EC_P256);
    }
    FileKeyCustodian.open(directory, keyFile(1)).close();
  }

  private FileSecret keyFile(int filling) throws Exception {
    byte[] content = new byte[FileSecret.FEWEST_BYTES];
    Arrays.fill(content, (byte) filling);
    Path file = Files.write(parent.resolve("key-" + filling), content);
    setMode(file, "rw-------");
    return FileSecret.keyFile(file);
  }

  // Every region: magic, salt, nonce, names, public half, secret, tag, digest.
  @ParameterizedTest
  @MethodSource("bytesOfAKeyFile")
  void open_bitFlipped_namedAsDamaged(double position) throws Exception {
    makeRoot();
    byte[] content = Files.readAllBytes(keyFile);
    content[(int) (position * (content.length - 1))] ^= 1;
    Files.write(keyFile, content);

    assertRefused(Fault.BROKEN).hasMessageContaining(keyFile + " is damaged");
  }

  @ParameterizedTest
  @MethodSource("bytesOfAKeyFile")
  void open_truncated_namedAsDamaged(double position) throws Exception {
    makeRoot();
    byte[] content = Files.readAllBytes(keyFile);
    Files.write(keyFile, Arrays.copyOf(content, (int) (position * (content.length - 1))));

    assertRefused(Fault.BROKEN).hasMessageContaining(keyFile + " is damaged");
  }

  static Stream<Double> bytesOfAKeyFile() {
    return Stream.iterate(0.0, p -> p <= 1.0, p -> p + 1.0 / 32);
  }

  private interface Damage {
    void to(Path file) throws IOException;
  }

  // What an operator sees, and that putting the file back is all there is to do.
  @Test
  void open_keyFileReplacedByFolder_namedAndSameKeyAfterRestoring() throws Exception {
    assertNamedUntilRestored(
        file -> {
          Files.delete(file);
          Files.createDirectory(file);
        },
        "key file " + keyFile + " is a folder (expected: a key file)");
  }

  @Test
  void open_keyFileTruncated_namedAndSameKeyAfterRestoring() throws Exception {
    assertNamedUntilRestored(
        file -> Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 40)),
        "key file " + keyFile + " is damaged");
  }

  @Test
  void open_keyFileWithOneByteFlipped_namedAndSameKeyAfterRestoring() throws Exception {
    assertNamedUntilRestored(
        file -> {
          byte[] content = Files.readAllBytes(file);
          content[content.length / 2] ^= (byte) 0xFF;
          Files.write(file, content);
        },
        "key file " + keyFile + " is damaged");
  }

  private void assertNamedUntilRestored(Damage damage, String message) throws Exception {
    PublicKey before = makeRoot();
    Path backup = Files.copy(keyFile, parent.resolve("backup"), COPY_ATTRIBUTES);
    damage.to(keyFile);

    assertRefused(Fault.BROKEN).hasMessage(message);

    Files.delete(keyFile);
    Path _ = Files.copy(backup, keyFile, COPY_ATTRIBUTES);
    try (FileKeyCustodian custodian = open()) {
      assertThat(custodian.find(before).orElseThrow().sign(MESSAGE)).isNotEmpty();
    }
  }

  @Test
  void open_keyFileIsDanglingLink_named() throws Exception {
    makeRoot();
    Files.delete(keyFile);
    Path _ = Files.createSymbolicLink(keyFile, parent.resolve("nowhere"));

    assertRefused(Fault.FATAL).hasMessage("key file " + keyFile + ": does not exist");
  }

  // Not by a mode on a file: root, as whom tests may run, is never denied.
  @Test
  void failure_accessDenied_deniedInPlainWords() {
    IOException thrown = new AccessDeniedException("/keys/root-1.key");

    assertThat(FileTrouble.failure("key file /keys/root-1.key", thrown, Fault.FATAL))
        .hasMessage("key file /keys/root-1.key: access denied")
        .extracting(CustodyException::fault)
        .isEqualTo(Fault.DENIED);
  }

  @Test
  void open_checkFileDamaged_namedAsDamaged() throws Exception {
    open().close();
    Path check = directory.resolve("passphrase.check");
    Files.write(check, new byte[] {1, 2, 3});

    assertRefused(Fault.BROKEN).hasMessageContaining(check + " is damaged");
  }

  @Test
  void open_copyUnderAnotherLabel_broken() throws Exception {
    makeRoot();
    Path copy = directory.resolve("root-2.key");
    Path _ = Files.copy(keyFile, copy, COPY_ATTRIBUTES);

    assertRefused(Fault.BROKEN).hasMessageContaining(copy + " is the file of root-1");
  }

  @Test
  void open_fileOfAnotherFormat_broken() throws Exception {
    makeRoot();
    byte[] content = envelope(newPair(), newPair());
    content[8] = 2; // the version
    Files.write(keyFile, withDigest(content));

    assertRefused(Fault.BROKEN).hasMessageContaining("of a format that this version");
  }

  // KC-2
  @Test
  void open_publicHalfOfAnotherKey_broken() throws Exception {
    makeRoot();
    Files.write(keyFile, envelope(newPair(), newPair()));

    assertRefused(Fault.BROKEN).hasMessageContaining("root-1");
  }

  @Test
  void open_changedAndDigestedAnew_denied() throws Exception {
    makeRoot();
    byte[] content = Files.readAllBytes(keyFile);
    content[content.length - 40] ^= 1; // the last byte of the tag is at -33
    Files.write(keyFile, withDigest(content));

    assertRefused(Fault.DENIED).hasMessageContaining("changed the file");
  }

  @Test
  void open_leftoverOfCrash_ignoredAndReplaced() throws Exception {
    makeRoot();
    Files.write(directory.resolve("root-2.key.tmp"), new byte[] {1, 2, 3});

    try (FileKeyCustodian custodian = open()) {
      KeyLabel other = new KeyLabel("root-2");
      assertThat(custodian.find(other)).isEmpty();
      KeyHandle _ = custodian.generate(other, KeyAlgorithm.EC_P256);
    }

    try (FileKeyCustodian custodian = open()) {
      assertThat(custodian.find(new KeyLabel("root-2"))).isPresent();
    }
  }

  @Test
  void open_second_refused() throws Exception {
    FileKeyCustodian first = open();

    assertRefused(Fault.BUSY).hasMessageContaining("already in use by another process");

    first.close();
    open().close();
  }

  @Test
  void open_refused_directoryIsFreeAgain() throws Exception {
    open().close();
    assertRefused(Fault.DENIED, "wrong").hasMessageContaining("passphrase");

    try (FileChannel lock = FileChannel.open(directory.resolve("lock"), StandardOpenOption.WRITE)) {
      assertThat(lock.tryLock()).isNotNull();
    }
  }

  @Test
  void open_notADirectory_fatal() throws Exception {
    Files.write(directory, new byte[0]);

    assertRefused(Fault.FATAL).hasMessage("key folder " + directory + ": is not a folder");
  }

  @Test
  void generate_key_notReadableInTheFile() throws Exception {
    KeyPair pair = newPair();

    assertThat(HexFormat.of().formatHex(envelope(pair, pair))).doesNotContain(secretInHex(pair));
  }

  // CT-1: as one that was made here.
  @Test
  void importKey_key_notReadableInTheFile() throws Exception {
    KeyPair pair = newPair();
    try (FileKeyCustodian custodian = open()) {
      KeyHandle _ = custodian.importKey(ROOT, pair);
    }

    String content = HexFormat.of().formatHex(Files.readAllBytes(keyFile));
    assertThat(content).doesNotContain(secretInHex(pair));
    assertThat(mode(keyFile)).isEqualTo("rw-------");
  }

  // The private number ends the PKCS#8.
  private static String secretInHex(KeyPair pair) {
    byte[] pkcs8 = pair.getPrivate().getEncoded();
    return HexFormat.of().formatHex(pkcs8, pkcs8.length - 32, pkcs8.length);
  }

  // KC-7: nothing is left that would refuse the next try.
  @Test
  void importKey_fileCannotBeWritten_busyAndNotThere() throws Exception {
    KeyPair pair = newPair();
    try (FileKeyCustodian custodian = open()) {
      Path inTheWay = Files.createDirectory(keyFile);
      Path content = Files.createFile(inTheWay.resolve("content"));

      assertFault(Fault.BUSY, () -> custodian.importKey(ROOT, pair));
      assertThat(custodian.find(ROOT)).isEmpty();

      Files.delete(content);
      Files.delete(inTheWay);
      assertThat(custodian.importKey(ROOT, pair).sign(MESSAGE)).isNotEmpty();
    }
  }

  @Test
  void seal_twice_otherNonce() throws Exception {
    KeyPair pair = newPair();
    Seal seal = Seal.of(secret(PASSPHRASE));

    assertThat(envelope(pair, pair, seal)).isNotEqualTo(envelope(pair, pair, seal));
  }

  @Test
  void seal_ofTheSameSecretTwice_otherSalt() throws Exception {
    FileSecret secret = secret(PASSPHRASE);

    assertThat(Seal.of(secret).salt()).isNotEqualTo(Seal.of(secret).salt());
  }

  // A file under what is left of a wiped key would be open to everybody.
  @Test
  void seal_closed_refused() throws Exception {
    Seal seal = Seal.of(secret(PASSPHRASE));
    seal.close();

    assertThatIllegalStateException().isThrownBy(seal::key);
  }

  // CT-8
  @Test
  void open_wrongPassphrase_messageTellsNeither() throws Exception {
    open().close();

    assertRefused(Fault.DENIED, "some other secret")
        .hasMessageNotContaining("some other")
        .hasMessageNotContaining(PASSPHRASE);
  }

  @CanIgnoreReturnValue
  private PublicKey makeRoot() throws CustodyException {
    try (FileKeyCustodian custodian = open()) {
      return custodian.generate(ROOT, KeyAlgorithm.EC_P256).publicKey();
    }
  }

  private FileKeyCustodian open() throws CustodyException {
    return open(PASSPHRASE);
  }

  private FileKeyCustodian open(String passphrase) throws CustodyException {
    return FileKeyCustodian.open(directory, secret(passphrase));
  }

  private static FileSecret secret(String passphrase) throws CustodyException {
    return FileSecret.passphrase(passphrase.toCharArray(), FEW_ITERATIONS);
  }

  private AbstractThrowableAssert<?, ? extends Throwable> assertRefused(Fault fault) {
    return assertRefused(fault, PASSPHRASE);
  }

  private AbstractThrowableAssert<?, ? extends Throwable> assertRefused(
      Fault fault, String passphrase) {
    return assertThatThrownBy(() -> open(passphrase))
        .isInstanceOfSatisfying(
            CustodyException.class, e -> assertThat(e.fault()).as(e.getMessage()).isEqualTo(fault));
  }

  private static byte[] envelope(KeyPair shown, KeyPair kept) throws CustodyException {
    return envelope(shown, kept, Seal.of(secret(PASSPHRASE)));
  }

  private static byte[] envelope(KeyPair shown, KeyPair kept, Seal seal) throws CustodyException {
    byte[] spki = shown.getPublic().getEncoded();
    byte[] pkcs8 = kept.getPrivate().getEncoded();
    return Envelope.seal("root-1", "ec-p256", spki, pkcs8, seal);
  }

  private static byte[] withDigest(byte[] content) throws Exception {
    byte[] body = Arrays.copyOf(content, content.length - 32);
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(body);
    System.arraycopy(digest, 0, content, body.length, digest.length);
    return content;
  }

  private static KeyPair newPair() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(KeyAlgorithm.EC_P256.generation());
    return generator.generateKeyPair();
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  private static void setMode(Path file, String mode) throws IOException {
    Path _ = Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }
}
