package io.signet.ca.cli;

import io.signet.attestation.ServiceAccountName;
import io.signet.attestation.oidc.JwtIssuer;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.soft.FileKeyCustodian;
import io.signet.hsm.soft.FileSecret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Makes the tokens of {@code signet dev}, in the place of a Kubernetes cluster. The server knows
 * only the key set on disk, so that a token can be made while it runs.
 */
final class DevIssuer {
  static final String NAME = "signet-dev";
  static final String AUDIENCE = "istio-ca";

  private static final KeyLabel LABEL = new KeyLabel("dev-issuer");
  private static final String KEY_ID = "dev";
  private static final String KEY_SET = "jwks.json";
  private static final Duration PATIENCE = Duration.ofSeconds(15);
  private static final Duration BETWEEN_TRIES = Duration.ofMillis(50);

  private final Path folder;
  private final Clock clock;

  DevIssuer(DevDirectory directory, Clock clock) {
    this.folder = directory.issuer();
    this.clock = clock;
  }

  /** The issuer's public keys, as the server reads them. */
  static Path jwksIn(DevDirectory directory) {
    return directory.issuer().resolve(KEY_SET);
  }

  /** Makes key and key set if they are missing; only who has the lock of the folder may. */
  void prepare() throws IOException, CommandException, InterruptedException {
    if (Files.exists(keySet())) {
      return; // written last; to open the keys takes a passphrase's time at each start
    }
    LocalFiles.makePrivateFolder(folder);
    DevDirectory.makeSecret(passphraseFile());
    try (KeyCustodian custodian = custodian()) {
      LocalFiles.write(keySet(), JwtIssuer.jwks(key(custodian).publicKey(), KEY_ID));
    } catch (CustodyException e) {
      throw broken(e);
    }
  }

  /**
   * A bearer token that the server accepts for this account.
   *
   * @throws CommandException if the folder is not that of a {@code signet dev}, or others keep its
   *     keys busy for long
   */
  String token(ServiceAccountName account, Duration ttl, String audience)
      throws IOException, CommandException, InterruptedException {
    if (!Files.exists(passphraseFile())) {
      throw new CommandException(
          folder.getParent() + ": not the folder of a signet dev (expected: start one, or --dir)");
    }
    var issuer = new JwtIssuer(NAME, audience, KEY_ID, clock);
    try (KeyCustodian custodian = custodian()) {
      KeyHandle key =
          custodian
              .find(LABEL)
              .orElseThrow(() ->
                  new CommandException(folder + ": no key (expected: as signet dev made it)"));
      return issuer.issue(account, ttl, key::sign);
    } catch (CustodyException e) {
      throw broken(e);
    }
  }

  // The keys belong to one process at a time, and several may be making a token at this moment.
  private KeyCustodian custodian() throws IOException, CustodyException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try (FileSecret secret = passphrase()) {
        return FileKeyCustodian.open(folder.resolve("keys"), secret);
      } catch (CustodyException e) {
        if (e.fault() != Fault.BUSY || System.nanoTime() > deadline) {
          throw e;
        }
      }
      TimeUnit.NANOSECONDS.sleep(BETWEEN_TRIES.toNanos());
    }
  }

  private FileSecret passphrase() throws IOException, CustodyException {
    return FileSecret.passphrase(Files.readString(passphraseFile()).toCharArray());
  }

  private static KeyHandle key(KeyCustodian custodian) throws CustodyException {
    Optional<KeyHandle> made = custodian.find(LABEL);
    return made.isPresent() ? made.get() : custodian.generate(LABEL, KeyAlgorithm.EC_P256);
  }

  private Path keySet() {
    return folder.resolve(KEY_SET);
  }

  private Path passphraseFile() {
    return folder.resolve("passphrase");
  }

  private CommandException broken(CustodyException e) {
    return new CommandException(folder + ": " + e.getMessage(), e);
  }
}
