package io.signet.ca.config;

import io.signet.ca.authorization.Rule;
import io.signet.ca.config.AuthorityConfig.Root;
import io.signet.hsm.KeyAlgorithm;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Where private keys live, and of what kind they are.
 *
 * @param custodian keeps the CA's key
 * @param algorithm of the CA's and of issuing keys
 * @param issuing where the keys of issuing authorities live
 */
public record KeysConfig(Custodian custodian, KeyAlgorithm algorithm, Issuing issuing) {

  /**
   * @throws IllegalArgumentException if they do not fit to a root that is there
   */
  void requireFor(Root root) {
    boolean upstream = root instanceof Root.Upstream;
    InvalidValueException.require(
        upstream || !(custodian instanceof MemoryCustodian),
        Key.KEYS_CUSTODIAN.path(),
        "memory",
        "file, pkcs11 or vault, or authority.root: vault or signet");
    InvalidValueException.require(
        !upstream || issuing != Issuing.ROOT,
        Key.KEYS_ISSUING.path(),
        "root",
        "memory or custodian, or authority.root: own or imported");
  }

  /**
   * @throws IllegalArgumentException if a rule gives issuing authorities, and no CA here signs any
   */
  void requireFor(Root root, List<Rule> rules) {
    boolean signs = !(root instanceof Root.Upstream) && issuing != Issuing.ROOT;
    for (Rule rule : rules) {
      InvalidValueException.require(
          signs || !rule.entitlement().authority(),
          rule.name() + ".issuing-authority",
          "on",
          "off, or authority.root: own or imported with keys.issuing: memory or custodian");
    }
  }

  /** Whether no leaf is signed while the custodian is away. */
  public boolean custodianSignsLeaves() {
    return issuing != Issuing.MEMORY;
  }

  /** Where the keys of issuing authorities live. */
  public enum Issuing {
    /** In this process: each leaf is signed without a device. */
    MEMORY,
    /** In the custodian: each leaf is signed by it. */
    CUSTODIAN,
    /** There are none: the CA itself signs the leaves, in the custodian. */
    ROOT
  }

  /** What keeps the CA's key. */
  public sealed interface Custodian {}

  /**
   * An encrypted file a key.
   *
   * @param path the folder of the files; created at start if missing
   * @param encryption what the files are encrypted under
   */
  public record FileCustodian(Path path, FileEncryption encryption) implements Custodian {}

  /** What key files are encrypted under. */
  public sealed interface FileEncryption {

    /** A text that somebody has thought of. */
    record ByPassphrase(SecretPlace place) implements FileEncryption {
      @Override
      public String toString() {
        return place.toString();
      }
    }

    /**
     * Random bytes, as they are.
     *
     * @param file readable by its owner alone
     */
    record ByKeyFile(Path file) implements FileEncryption {
      @Override
      public String toString() {
        return file.toString();
      }
    }
  }

  /**
   * A token behind PKCS#11.
   *
   * @param library the module's shared library
   * @param token the label of the token
   * @param serial the token's serial number, where several have the same label
   * @param pin the user PIN
   */
  public record Pkcs11Custodian(
      Path library, String token, Optional<String> serial, SecretPlace pin) implements Custodian {}

  /** The Transit engine of a Vault or OpenBao. */
  public record VaultCustodian(VaultEngine engine) implements Custodian {}

  /** The memory of the process: every start makes its keys anew, below a root elsewhere. */
  public record MemoryCustodian() implements Custodian {}

  /**
   * A secrets engine of a Vault or OpenBao.
   *
   * @param addresses of its nodes, the preferred one first
   * @param mount where the engine is mounted
   * @param caFile the CAs of the nodes' certificates, where these are not the JDK's
   */
  public record VaultEngine(
      List<URI> addresses,
      String mount,
      Optional<String> namespace,
      Optional<Path> caFile,
      VaultLogin login) {
    public VaultEngine {
      addresses = List.copyOf(addresses);
    }
  }

  /** How Signet proves itself to Vault; mounts are below {@code auth/}. */
  public sealed interface VaultLogin {

    /** By a token that somebody else keeps fresh. */
    record ByToken(Path tokenFile) implements VaultLogin {}

    /**
     * By the token of the service account.
     *
     * @param tokenFile absent: where Kubernetes puts it
     */
    record ByKubernetes(String mount, String role, Optional<Path> tokenFile)
        implements VaultLogin {}

    /** By an approle. */
    record ByAppRole(String mount, String roleId, Path secretIdFile) implements VaultLogin {}

    /**
     * By a client certificate.
     *
     * @param role absent: any that takes the certificate
     */
    record ByCert(String mount, Optional<String> role, Path certFile, Path keyFile)
        implements VaultLogin {}
  }
}
