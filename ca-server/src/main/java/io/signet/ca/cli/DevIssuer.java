package io.signet.ca.cli;

import io.signet.attestation.ServiceAccountName;
import io.signet.attestation.oidc.JwtIssuer;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.soft.FileKeyCustodian;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;

/**
 * Makes the tokens of {@code signet dev}, in the place of a Kubernetes cluster. The server knows
 * only the key set on disk, so that a token can be made while it runs.
 */
final class DevIssuer {
  static final String NAME = "signet-dev";
  static final String AUDIENCE = "istio-ca";

  private static final KeyLabel LABEL = new KeyLabel("dev-issuer");
  private static final String KEY_ID = "dev";

  private final Path folder;
  private final Clock clock;

  DevIssuer(DevDirectory directory, Clock clock) {
    this.folder = directory.issuer();
    this.clock = clock;
  }

  /** The issuer's public keys, as the server reads them. */
  static Path jwksIn(DevDirectory directory) {
    return directory.issuer().resolve("jwks.json");
  }

  /** Makes key and key set if they are missing. */
  void prepare() throws IOException, CommandException {
    LocalFiles.makePrivateFolder(folder);
    DevDirectory.makeSecret(passphraseFile());
    try (KeyCustodian custodian = custodian()) {
      LocalFiles.write(
          folder.resolve("jwks.json"), JwtIssuer.jwks(key(custodian).publicKey(), KEY_ID));
    } catch (CustodyException e) {
      throw broken(e);
    }
  }

  /**
   * A bearer token that the server accepts for this account.
   *
   * @throws CommandException if the folder is not that of a {@code signet dev}
   */
  String token(ServiceAccountName account, Duration ttl, String audience)
      throws IOException, CommandException {
    if (!Files.exists(passphraseFile())) {
      throw new CommandException(
          folder.getParent() + ": not the folder of a signet dev (expected: start one, or --dir)");
    }
    var issuer = new JwtIssuer(NAME, audience, KEY_ID, clock);
    try (KeyCustodian custodian = custodian()) {
      return issuer.issue(account, ttl, key(custodian)::sign);
    } catch (CustodyException e) {
      throw broken(e);
    }
  }

  private KeyCustodian custodian() throws IOException, CustodyException {
    char[] passphrase = Files.readString(passphraseFile()).toCharArray();
    return FileKeyCustodian.open(folder.resolve("keys"), passphrase);
  }

  private static KeyHandle key(KeyCustodian custodian) throws CustodyException {
    Optional<KeyHandle> made = custodian.find(LABEL);
    return made.isPresent() ? made.get() : custodian.generate(LABEL, KeyAlgorithm.EC_P256);
  }

  private Path passphraseFile() {
    return folder.resolve("passphrase");
  }

  private CommandException broken(CustodyException e) {
    return new CommandException(folder + ": " + e.getMessage(), e);
  }
}
