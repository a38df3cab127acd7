package io.signet.ca.app;

import io.signet.ca.cli.Custody;
import io.signet.ca.config.KeysConfig.Custodian;
import io.signet.ca.config.KeysConfig.FileCustodian;
import io.signet.ca.config.KeysConfig.FileEncryption;
import io.signet.ca.config.KeysConfig.MemoryCustodian;
import io.signet.ca.config.KeysConfig.Pkcs11Custodian;
import io.signet.ca.config.KeysConfig.VaultCustodian;
import io.signet.ca.config.KeysConfig.VaultEngine;
import io.signet.ca.config.KeysConfig.VaultLogin;
import io.signet.ca.config.SecretPlace;
import io.signet.hsm.CustodianListener;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.pkcs11.Pkcs11KeyCustodian;
import io.signet.hsm.pkcs11.Pkcs11Settings;
import io.signet.hsm.soft.FileKeyCustodian;
import io.signet.hsm.soft.FileSecret;
import io.signet.hsm.soft.MemoryKeyCustodian;
import io.signet.hsm.vault.VaultAuth;
import io.signet.hsm.vault.VaultKeyCustodian;
import io.signet.hsm.vault.VaultSettings;
import io.signet.spiffe.SecretAccess;
import io.signet.spiffe.SecretBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.Optional;

/** Opens the custodian of the root's key that the configuration names. */
final class Custodians implements Custody {

  @Override
  public KeyCustodian open(Custodian custodian) throws CustodyException, IOException {
    CryptoProvider.install(); // or a command would measure another one than the server has
    return open(
        custodian,
        Clock.systemUTC(),
        CustodianListener.NONE,
        why -> {
          throw why;
        });
  }

  @Override
  public void changeEncryption(FileCustodian files, FileEncryption next)
      throws CustodyException, IOException {
    try (FileSecret before = secret(files.encryption());
        FileSecret after = secret(next);
        FileKeyCustodian keys = FileKeyCustodian.open(files.path(), before)) {
      keys.changeSecret(after);
    }
  }

  /**
   * @param listener is told of losses, recoveries and waits
   * @param absence told why a device cannot be opened that may appear; it is tried again afterwards
   */
  static KeyCustodian open(
      Custodian custodian, Clock clock, CustodianListener listener, Absence absence)
      throws CustodyException, IOException {
    return switch (custodian) {
      case FileCustodian(Path path, FileEncryption encryption) -> {
        try (FileSecret secret = secret(encryption)) {
          yield FileKeyCustodian.open(path, secret);
        }
      }
      case Pkcs11Custodian token ->
          withSecret(
              token.pin(),
              pin ->
                  awaited(() -> Pkcs11KeyCustodian.open(settings(token), pin, listener), absence));
      case VaultCustodian vault ->
          awaited(() -> VaultKeyCustodian.open(settings(vault.engine()), listener, clock), absence);
      case MemoryCustodian _ -> new MemoryKeyCustodian();
    };
  }

  /** Its kind, as in the configuration. */
  static String kind(Custodian custodian) {
    return switch (custodian) {
      case FileCustodian _ -> "file";
      case Pkcs11Custodian _ -> "pkcs11";
      case VaultCustodian _ -> "vault";
      case MemoryCustodian _ -> "memory";
    };
  }

  /** Which one it is, in the words of its own messages. */
  static String where(Custodian custodian) {
    return switch (custodian) {
      case FileCustodian file -> "key folder " + file.path();
      case Pkcs11Custodian token -> settings(token).where();
      case VaultCustodian vault -> settings(vault.engine()).where();
      case MemoryCustodian _ -> "the memory of this process";
    };
  }

  /** What happens while a device is not there. */
  interface Absence {
    /**
     * Returns when it may be tried again.
     *
     * @throws CustodyException to give up
     */
    void because(CustodyException why) throws CustodyException;

    /**
     * Returns when what failed so may be tried again: a token that is away is lost, a Vault that is
     * sealed is busy.
     *
     * @throws CustodyException the same, when waiting does not help
     */
    default void endsFor(CustodyException failure) throws CustodyException {
      if (failure.fault() != Fault.LOST && failure.fault() != Fault.BUSY) {
        throw failure;
      }
      because(failure);
    }
  }

  interface Opening<T> {
    T open() throws CustodyException;
  }

  /** What comes of it, as soon as it is there. */
  static <T> T awaited(Opening<T> opening, Absence absence) throws CustodyException {
    while (true) {
      try {
        return opening.open();
      } catch (CustodyException e) {
        absence.endsFor(e);
      }
    }
  }

  private static Pkcs11Settings settings(Pkcs11Custodian token) {
    return new Pkcs11Settings(
        token.library().toAbsolutePath(),
        token.token(),
        token.serial(),
        Pkcs11Settings.DEFAULT_PERMITS,
        Pkcs11Settings.DEFAULT_PATIENCE,
        Pkcs11Settings.DEFAULT_DEADLINE);
  }

  static VaultSettings settings(VaultEngine vault) {
    return new VaultSettings(
        vault.addresses(),
        vault.mount(),
        vault.namespace(),
        vault.caFile(),
        auth(vault.login()),
        VaultSettings.DEFAULT_PERMITS,
        VaultSettings.DEFAULT_DEADLINE);
  }

  private static VaultAuth auth(VaultLogin login) {
    return switch (login) {
      case VaultLogin.ByToken(Path file) -> new VaultAuth.Token(file);
      case VaultLogin.ByKubernetes(String mount, String role, Optional<Path> file) ->
          new VaultAuth.Kubernetes(mount, role, file.orElse(VaultAuth.Kubernetes.TOKEN_FILE));
      case VaultLogin.ByAppRole(String mount, String role, Path file) ->
          new VaultAuth.AppRole(mount, role, file);
      case VaultLogin.ByCert(String mount, Optional<String> role, Path certificate, Path key) ->
          new VaultAuth.Cert(mount, role, certificate, key);
    };
  }

  private static FileSecret secret(FileEncryption encryption) throws CustodyException, IOException {
    return switch (encryption) {
      case FileEncryption.ByPassphrase(SecretPlace place) ->
          withSecret(place, FileSecret::passphrase);
      case FileEncryption.ByKeyFile(Path file) -> FileSecret.keyFile(file);
    };
  }

  private interface Use<T> {
    T of(char[] secret) throws CustodyException, IOException;
  }

  // The secret is wiped from every buffer of ours before this returns.
  private static <T> T withSecret(SecretPlace place, Use<T> use)
      throws CustodyException, IOException {
    SecretBytes secret = place.read();
    byte[] bytes = secret.reveal(SecretAccess.grant());
    CharBuffer chars = StandardCharsets.UTF_8.decode(ByteBuffer.wrap(bytes));
    char[] exact = Arrays.copyOf(chars.array(), chars.limit());
    try {
      return use.of(exact);
    } finally {
      secret.destroy();
      Arrays.fill(bytes, (byte) 0);
      Arrays.fill(chars.array(), '\0');
      Arrays.fill(exact, '\0');
    }
  }
}
