package io.signet.ca.config;

import io.signet.spiffe.TrustDomain;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A ceremony in which the key of an offline root is used, all of it in one file.
 *
 * @param trustDomain whose root it is
 * @param keys where the root's key lives, and of what kind one is that is made
 * @param rootFile the root's certificate, PEM
 * @param rootLifetime of a root that is made
 * @param requestFile what is asked for, PKCS#10
 * @param certificateFile where the certificate for it is written, PEM
 * @param lifetime of that certificate
 * @param below how many CAs there may be below it, 0 or 1
 * @param transcriptFile where all of it is written down
 */
public record CeremonyConfig(
    TrustDomain trustDomain,
    KeysConfig keys,
    Path rootFile,
    Duration rootLifetime,
    Path requestFile,
    Path certificateFile,
    Duration lifetime,
    int below,
    Path transcriptFile) {

  /**
   * Reads a file; relative paths in it count from the folder it lies in. Nothing is started and no
   * secret is read.
   *
   * @throws ConfigException with all problems together, also when the file cannot be read
   */
  public static CeremonyConfig load(Path file) throws ConfigException {
    return ConfigReader.loadCeremony(file);
  }
}
