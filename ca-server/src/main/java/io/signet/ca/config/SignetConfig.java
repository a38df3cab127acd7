package io.signet.ca.config;

import io.signet.ca.authorization.Entitlements;
import io.signet.ca.authorization.Rule;
import io.signet.spiffe.TrustDomain;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Everything a server is told, checked.
 *
 * @param trustDomain whose identities are signed
 * @param listen where the planes are served
 * @param servingNames DNS names and IP addresses of the server's own certificate; at least one
 * @param keys where private keys live, and of what kind they are
 * @param authority how long root and issuing authorities live
 * @param rotation how roots follow each other
 * @param svid how long the certificates of workloads live
 * @param attestation whom to believe; at least one attestor
 * @param rules what callers may hold other than just their own identity; the first that is for a
 *     caller decides
 * @param sds how secrets are served to proxies
 * @param federation other trust domains whose bundles are served; each once
 * @param sinks where else the trust bundle goes
 * @param admin who may administrate
 * @param limits how much is asked before requests are refused
 * @param ledger how long the record of what was issued is kept
 * @param store what several servers share; absent: the embedded one of this server alone
 * @param dataDir the folder of what this server keeps for itself, such as the embedded store;
 *     created at start if missing
 */
public record SignetConfig(
    TrustDomain trustDomain,
    ListenConfig listen,
    List<String> servingNames,
    KeysConfig keys,
    AuthorityConfig authority,
    RotationConfig rotation,
    SvidConfig svid,
    AttestationConfig attestation,
    List<Rule> rules,
    SdsConfig sds,
    List<FederatedBundle> federation,
    SinksConfig sinks,
    AdminConfig admin,
    LimitsConfig limits,
    LedgerConfig ledger,
    Optional<StoreConfig> store,
    Path dataDir) {

  /**
   * @throws IllegalArgumentException if parts do not fit together: an SVID that outlives half its
   *     issuing authority, an identity of another trust domain, no name to serve under
   */
  public SignetConfig {
    servingNames = List.copyOf(servingNames);
    rules = List.copyOf(rules);
    federation = List.copyOf(federation);
    InvalidValueException.require(
        !servingNames.isEmpty(), "serving-names", "none", "at least one name");
    keys.requireFor(authority.root());
    keys.requireFor(authority.root(), rules);
    rotation.requireWithin(authority);
    svid.requireWithin(authority);
    attestation.requireWithin(trustDomain);
    sds.requireWithin(trustDomain);
    admin.requireWithin(trustDomain);
    federation.forEach(other -> other.requireBeside(trustDomain));
    var _ = entitlements(trustDomain, svid, rules);
  }

  /** What decides on what callers may hold. */
  public Entitlements entitlements() {
    return entitlements(trustDomain, svid, rules);
  }

  /** The DNS names and IP addresses that rules give, beside the identities. */
  public List<String> entitledHosts() {
    return rules.stream().flatMap(rule -> rule.entitlement().hosts().stream()).toList();
  }

  /** The same with these rules. */
  public SignetConfig with(List<Rule> others) {
    return new SignetConfig(
        trustDomain,
        listen,
        servingNames,
        keys,
        authority,
        rotation,
        svid,
        attestation,
        others,
        sds,
        federation,
        sinks,
        admin,
        limits,
        ledger,
        store,
        dataDir);
  }

  private static Entitlements entitlements(
      TrustDomain trustDomain, SvidConfig svid, List<Rule> rules) {
    return new Entitlements(trustDomain, svid.defaultLifetime(), svid.maxLifetime(), rules);
  }

  /**
   * Reads a file; relative paths in it count from the folder it lies in. Nothing is started and no
   * secret is read, but the files it names are looked at.
   *
   * @throws ConfigException with all problems together, also when the file cannot be read
   */
  public static SignetConfig load(Path file) throws ConfigException {
    return ConfigReader.load(file);
  }

  /**
   * Reads text as {@link #load} would if it was a file of this folder.
   *
   * @param folder where relative paths count from, absolute
   * @throws ConfigException with all problems together
   */
  public static SignetConfig loadText(String text, Path folder) throws ConfigException {
    return ConfigReader.parse(text, folder, FileProbe.onDisk());
  }

  /**
   * Reads text as {@link #load} does, without looking at any file.
   *
   * @param folder where relative paths count from, absolute
   * @throws ConfigException with all problems together
   */
  public static SignetConfig parse(String text, Path folder) throws ConfigException {
    return ConfigReader.parse(text, folder, (path, need) -> Optional.empty());
  }
}
