package io.signet.ca.config;

import com.google.errorprone.annotations.Immutable;
import io.signet.attestation.TrustedUrl;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The catalogue of configuration keys: what each is called, what may stand there, and what holds
 * when nothing does. Reading, messages and {@code docs/reference.md} all follow it.
 */
enum Key {
  TRUST_DOMAIN("trust-domain", "a trust domain name such as example.org"),

  LISTEN("listen", Form.SECTION),
  LISTEN_WORKLOAD("listen.workload", Form.ADDRESS, "0.0.0.0:8443"),
  LISTEN_SDS_SOCKET("listen.sds-socket", "a path of at most 107 bytes", Default.ABSENT),
  LISTEN_SDS_REST("listen.sds-rest", Form.ADDRESS, Default.ABSENT),
  LISTEN_OPERATOR("listen.operator", Form.ADDRESS, "127.0.0.1:8080"),
  LISTEN_ADMIN("listen.admin", Form.ADDRESS, Default.ABSENT),

  SERVING_NAMES("serving-names", "a list of DNS names and IP addresses, at least one"),

  KEYS("keys", Form.SECTION),
  KEYS_CUSTODIAN("keys.custodian", "file, pkcs11, vault or memory"),
  KEYS_FILE("keys.file", Form.SECTION),
  KEYS_FILE_PATH("keys.file.path", Form.FOLDER),
  KEYS_FILE_PASSPHRASE("keys.file.passphrase", Form.SECRET, Default.ONE_OF_THREE),
  KEYS_FILE_PASSPHRASE_FILE("keys.file.passphrase-file", Form.SECRET_FILE, Default.ONE_OF_THREE),
  KEYS_FILE_KEY_FILE(
      "keys.file.key-file",
      "a readable file of 32 or more random bytes, closed to group and others",
      Default.ONE_OF_THREE),
  KEYS_PKCS11("keys.pkcs11", Form.SECTION),
  KEYS_PKCS11_LIBRARY("keys.pkcs11.library", Form.FILE),
  KEYS_PKCS11_TOKEN("keys.pkcs11.token", "the label of the token"),
  KEYS_PKCS11_SERIAL("keys.pkcs11.serial", "the serial number of the token", Default.ABSENT),
  KEYS_PKCS11_PIN("keys.pkcs11.pin", Form.SECRET, Default.ONE_OF_TWO),
  KEYS_PKCS11_PIN_FILE("keys.pkcs11.pin-file", Form.SECRET_FILE, Default.ONE_OF_TWO),
  KEYS_VAULT("keys.vault", Form.SECTION),
  KEYS_VAULT_ADDRESS("keys.vault.address", Form.VAULT_ADDRESS),
  KEYS_VAULT_MOUNT("keys.vault.mount", "the path of the Transit engine", "transit"),
  KEYS_VAULT_NAMESPACE("keys.vault.namespace", Form.NAMESPACE, Default.ABSENT),
  KEYS_VAULT_CA_FILE("keys.vault.ca-file", Form.FILE, Default.ABSENT),
  KEYS_VAULT_AUTH("keys.vault.auth", Form.SECTION),
  VAULT_METHOD("keys.vault.auth.method", Form.VAULT_METHOD),
  VAULT_MOUNT("keys.vault.auth.mount", Form.VAULT_AUTH_MOUNT, Default.VAULT_METHOD),
  VAULT_ROLE("keys.vault.auth.role", Form.VAULT_ROLE, Default.ABSENT),
  VAULT_TOKEN_FILE("keys.vault.auth.token-file", Form.VAULT_TOKEN_FILE, Default.ABSENT),
  VAULT_ROLE_ID("keys.vault.auth.role-id", Form.VAULT_ROLE_ID, Default.ABSENT),
  VAULT_SECRET_ID_FILE("keys.vault.auth.secret-id-file", Form.VAULT_SECRET_ID_FILE, Default.ABSENT),
  VAULT_CERT_FILE("keys.vault.auth.cert-file", Form.VAULT_CERT_FILE, Default.ABSENT),
  VAULT_KEY_FILE("keys.vault.auth.key-file", Form.VAULT_KEY_FILE, Default.ABSENT),
  KEYS_ALGORITHM("keys.algorithm", "ec-p256, ec-p384, rsa-2048, rsa-3072 or rsa-4096", "ec-p256"),
  KEYS_ISSUING("keys.issuing", "memory, custodian or root", "memory"),

  AUTHORITY("authority", Form.SECTION),
  AUTHORITY_ROOT("authority.root", "own, imported, vault or signet", "own"),
  AUTHORITY_ROOTS_FILE(
      "authority.roots-file", "a readable file; for vault and signet", Default.ABSENT),
  AUTHORITY_VAULT("authority.vault", Form.SECTION),
  AUTHORITY_VAULT_ADDRESS("authority.vault.address", Form.VAULT_ADDRESS),
  AUTHORITY_VAULT_MOUNT("authority.vault.mount", "the path of the PKI engine", "pki"),
  AUTHORITY_VAULT_ISSUER(
      "authority.vault.issuer", "the name or id of an issuer of the engine", Default.ABSENT),
  AUTHORITY_VAULT_NAMESPACE("authority.vault.namespace", Form.NAMESPACE, Default.ABSENT),
  AUTHORITY_VAULT_CA_FILE("authority.vault.ca-file", Form.FILE, Default.ABSENT),
  AUTHORITY_VAULT_AUTH("authority.vault.auth", Form.SECTION),
  AUTHORITY_VAULT_METHOD("authority.vault.auth.method", Form.VAULT_METHOD),
  AUTHORITY_VAULT_AUTH_MOUNT(
      "authority.vault.auth.mount", Form.VAULT_AUTH_MOUNT, Default.VAULT_METHOD),
  AUTHORITY_VAULT_ROLE("authority.vault.auth.role", Form.VAULT_ROLE, Default.ABSENT),
  AUTHORITY_VAULT_TOKEN_FILE(
      "authority.vault.auth.token-file", Form.VAULT_TOKEN_FILE, Default.ABSENT),
  AUTHORITY_VAULT_ROLE_ID("authority.vault.auth.role-id", Form.VAULT_ROLE_ID, Default.ABSENT),
  AUTHORITY_VAULT_SECRET_ID_FILE(
      "authority.vault.auth.secret-id-file", Form.VAULT_SECRET_ID_FILE, Default.ABSENT),
  AUTHORITY_VAULT_CERT_FILE("authority.vault.auth.cert-file", Form.VAULT_CERT_FILE, Default.ABSENT),
  AUTHORITY_VAULT_KEY_FILE("authority.vault.auth.key-file", Form.VAULT_KEY_FILE, Default.ABSENT),
  AUTHORITY_SIGNET("authority.signet", Form.SECTION),
  AUTHORITY_SIGNET_ADDRESS("authority.signet.address", "HOST:PORT of its workload plane"),
  AUTHORITY_SIGNET_TOKEN_FILE("authority.signet.token-file", Form.FILE),
  AUTHORITY_SIGNET_CLUSTER("authority.signet.cluster", Form.TEXT, "Kubernetes"),
  AUTHORITY_ROOT_LIFETIME("authority.root-lifetime", new Range("1m", "7300d"), "365d"),
  AUTHORITY_ISSUING_LIFETIME("authority.issuing-lifetime", new Range("20s", "3650d"), "7d"),

  ROTATION("rotation", Form.SECTION),
  ROTATION_POLICY("rotation.policy", "automatic or approve", "automatic"),
  ROTATION_START_BEFORE(
      "rotation.start-before", "off, or a duration less than root-lifetime", Default.ROOT_THIRD),
  ROTATION_DEADLINE("rotation.deadline", new Range("1s", "365d"), "1d"),
  ROTATION_WINDOW("rotation.window", new Range("0s", "7d"), "10m"),
  ROTATION_COMPROMISED_DEADLINE("rotation.compromised-deadline", new Range("1s", "7d"), "10m"),
  ROTATION_OLD_KEY("rotation.old-key", "destroy or keep", "destroy"),

  SVID("svid", Form.SECTION),
  SVID_DEFAULT_LIFETIME("svid.default-lifetime", new Range("10s", "365d"), "1h"),
  SVID_MAX_LIFETIME("svid.max-lifetime", new Range("10s", "365d"), "24h"),

  ATTESTATION("attestation", Form.SECTION),
  ATTESTATION_KUBERNETES("attestation.kubernetes[]", Form.SECTION),
  KUBERNETES_CLUSTER("attestation.kubernetes[].cluster", "a text, each once", "Kubernetes"),
  KUBERNETES_ALIASES("attestation.kubernetes[].aliases", "a list of texts, each once", "[]"),
  KUBERNETES_KUBECONFIG("attestation.kubernetes[].kubeconfig", Form.FILE, Default.ABSENT),
  KUBERNETES_AUDIENCE("attestation.kubernetes[].audience", Form.TEXT, "istio-ca"),
  KUBERNETES_REVIEW("attestation.kubernetes[].review", "api or local", "api"),
  KUBERNETES_REVIEW_RATE(
      "attestation.kubernetes[].review-rate", "1/s to 1000000/s, or off", "2000/s"),
  KUBERNETES_TRUSTED_NODE_ACCOUNTS(
      "attestation.kubernetes[].trusted-node-accounts",
      "a list of NAMESPACE/NAME of service accounts",
      "[]"),
  ATTESTATION_UNIX("attestation.unix[]", Form.SECTION),
  UNIX_UID("attestation.unix[].uid", Form.UID),
  UNIX_ID("attestation.unix[].id", Form.OWN_ID),
  ATTESTATION_JWT("attestation.jwt[]", Form.SECTION),
  JWT_ISSUER("attestation.jwt[].issuer", "the text of the iss claim, each once"),
  JWT_AUDIENCE("attestation.jwt[].audience", Form.TEXT, "istio-ca"),
  JWT_JWKS_FILE("attestation.jwt[].jwks-file", Form.FILE, Default.ABSENT),
  JWT_JWKS_URL("attestation.jwt[].jwks-url", TrustedUrl.FORM, Default.ABSENT),
  JWT_CA_FILE("attestation.jwt[].ca-file", Form.FILE, Default.ABSENT),
  ATTESTATION_CLIENT_CERTIFICATE("attestation.client-certificate", Form.ON_OR_OFF, "on"),

  ENTITLEMENTS("entitlements[]", Form.SECTION),
  ENTITLEMENTS_CALLER(
      "entitlements[].caller",
      "a SPIFFE ID with a path, in the trust domain, * for any one segment of it"),
  ENTITLEMENTS_MAY_HOLD(
      "entitlements[].may-hold",
      "a list of own and SPIFFE IDs with a path, in the trust domain, each once",
      "[own]"),
  ENTITLEMENTS_MAX_LIFETIME(
      "entitlements[].max-lifetime", new Range("10s", "365d"), Default.SVID_MAX_LIFETIME),
  ENTITLEMENTS_KEYS(
      "entitlements[].keys",
      "a list of ec, ec-p256, ec-p384, rsa, rsa-2048, rsa-3072 and rsa-4096, no kind twice",
      "[ec, rsa]"),
  ENTITLEMENTS_DNS_NAMES(
      "entitlements[].dns-names", "a list of DNS names in lower case, each once, at most 16", "[]"),
  ENTITLEMENTS_ISSUING_AUTHORITY("entitlements[].issuing-authority", Form.ON_OR_OFF, "off"),

  SDS("sds", Form.SECTION),
  SDS_NAMES("sds.names", Form.SECTION),
  SDS_DEFAULT_SVID("sds.names.default-svid", Form.SECRET_NAME, "default"),
  SDS_OWN_BUNDLE("sds.names.own-bundle", Form.SECRET_NAME, "ROOTCA"),
  SDS_ALL_BUNDLES("sds.names.all-bundles", Form.SECRET_NAME, "ALL"),
  SDS_BUNDLE_FORM("sds.names.bundle-form", Form.BUNDLE_FORM, "trusted-ca"),
  SDS_RECHECK("sds.recheck", new Range("10s", "1d"), "5m"),

  SOCKETS("sockets[]", Form.SECTION),
  SOCKETS_PATH("sockets[].path", "a path of at most 107 bytes, each socket another"),
  SOCKETS_MODE("sockets[].mode", "an octal mode such as 0660, writable for someone", "0666"),
  SOCKETS_GROUP("sockets[].group", "the name of a group of this machine", Default.ABSENT),
  SOCKETS_UNIX("sockets[].unix[]", Form.SECTION),
  SOCKETS_UNIX_UID("sockets[].unix[].uid", Form.UID),
  SOCKETS_UNIX_ID("sockets[].unix[].id", Form.OWN_ID),
  SOCKETS_NAMES("sockets[].names", Form.SECTION),
  SOCKETS_DEFAULT_SVID("sockets[].names.default-svid", Form.SECRET_NAME, Default.SDS_NAMES),
  SOCKETS_OWN_BUNDLE("sockets[].names.own-bundle", Form.SECRET_NAME, Default.SDS_NAMES),
  SOCKETS_ALL_BUNDLES("sockets[].names.all-bundles", Form.SECRET_NAME, Default.SDS_NAMES),
  SOCKETS_BUNDLE_FORM("sockets[].names.bundle-form", Form.BUNDLE_FORM, Default.SDS_NAMES),

  FEDERATION("federation[]", Form.SECTION),
  FEDERATION_TRUST_DOMAIN(
      "federation[].trust-domain", "the name of a trust domain other than ours, each once"),
  FEDERATION_BUNDLE_FILE("federation[].bundle-file", Form.FILE),

  SECURE_NAMING("secure-naming[]", Form.SECTION),
  SECURE_NAMING_HOSTS(
      "secure-naming[].hosts", "a list of DNS names in lower case, at least one, each once in all"),
  SECURE_NAMING_IDS(
      "secure-naming[].ids",
      "a list of SPIFFE IDs with a path, in our or a federated trust domain, at least one, each"
          + " once"),

  SINKS("sinks", Form.SECTION),
  SINKS_BUNDLE_FILE("sinks.bundle-file", Form.NEW_FILE, Default.ABSENT),

  ADMIN("admin", Form.SECTION),
  ADMIN_TOKEN_FILE("admin.token-file", Form.SECRET_FILE, Default.ABSENT),
  ADMIN_IDS("admin.ids", "a list of SPIFFE IDs with a path, in the trust domain, each once", "[]"),

  LIMITS("limits", Form.SECTION),
  LIMITS_PER_IDENTITY("limits.per-identity", Form.RATE, "10/s burst 100"),
  LIMITS_PER_ADDRESS("limits.per-address", Form.RATE, "500/s burst 5000"),
  LIMITS_CONCURRENT("limits.concurrent", "off, or 1 to 10000", "32"),

  LEDGER("ledger", Form.SECTION),
  LEDGER_RETENTION("ledger.retention", new Range("0s", "3650d"), "7d"),

  STORE("store", Form.SECTION),
  STORE_URL("store.url", Form.STORE_URL),
  STORE_USER("store.user", "the name of a database user"),
  STORE_PASSWORD("store.password", "env:NAME", Default.ABSENT),
  STORE_PASSWORD_FILE("store.password-file", Form.SECRET_FILE, Default.ABSENT),

  DATA_DIR("data-dir", Form.FOLDER, "/var/lib/signet"),

  CEREMONY("ceremony", Form.SECTION),
  CEREMONY_ROOT_FILE("ceremony.root-file", Form.NEW_FILE),
  CEREMONY_ROOT_LIFETIME("ceremony.root-lifetime", new Range("1d", "10950d"), "3650d"),
  CEREMONY_REQUEST_FILE("ceremony.request-file", Form.NEW_FILE),
  CEREMONY_CERTIFICATE_FILE("ceremony.certificate-file", Form.NEW_FILE),
  CEREMONY_LIFETIME("ceremony.lifetime", new Range("1d", "7300d"), "365d"),
  CEREMONY_PATH_LENGTH("ceremony.path-length", "0 or 1", "1"),
  CEREMONY_TRANSCRIPT_FILE("ceremony.transcript-file", Form.NEW_FILE);

  /** What stands in the place of a default value. */
  static final class Default {
    static final String ABSENT = "absent";
    static final String ONE_OF_TWO = "one of the two";
    static final String ONE_OF_THREE = "one of the three";
    static final String SVID_MAX_LIFETIME = "svid.max-lifetime";
    static final String VAULT_METHOD = "the method";
    static final String SDS_NAMES = "as in sds.names";
    static final String ROOT_THIRD = "a third of authority.root-lifetime";

    private Default() {}
  }

  /**
   * The durations that a key takes.
   *
   * @param least the shortest, as it is written
   * @param most the longest, as it is written
   */
  @Immutable
  record Range(String least, String most) {
    boolean contains(Duration duration) {
      return duration.compareTo(Durations.parse(least)) >= 0
          && duration.compareTo(Durations.parse(most)) <= 0;
    }

    @Override
    public String toString() {
      return "a duration from " + least + " to " + most;
    }
  }

  /** What several keys expect. */
  static final class Form {
    static final String SECTION = "keys and values";
    static final String TEXT = "a text";
    static final String ON_OR_OFF = "on or off";
    static final String ADDRESS = "HOST:PORT, port 0 to 65535";
    static final String FILE = "a readable file";
    static final String SECRET_FILE = "a readable file, closed to group and others";
    static final String NEW_FILE = "a path";
    static final String FOLDER = "a folder, made if missing";
    static final String SECRET = "env:NAME or prompt";
    static final String STORE_URL =
        "jdbc:postgresql://HOST[:PORT][,HOST[:PORT]...]/DATABASE[?PARAMETERS], without user and"
            + " password";
    static final String NAMESPACE = "the path of a namespace";
    static final String VAULT_ADDRESS =
        "https://HOST[:PORT] or http:// to this machine, or a list of them";
    static final String VAULT_METHOD = "token, kubernetes, approle or cert";
    static final String VAULT_AUTH_MOUNT = "a path below auth/; not for token";
    static final String VAULT_ROLE = "a text; for kubernetes and cert";
    static final String VAULT_TOKEN_FILE =
        "a readable file, for token closed to group and others; for token and kubernetes";
    static final String VAULT_ROLE_ID = "a text; for approle";
    static final String VAULT_SECRET_ID_FILE =
        "a readable file, closed to group and others; for approle";
    static final String VAULT_CERT_FILE = "a readable file; for cert";
    static final String VAULT_KEY_FILE = "a readable file, closed to group and others; for cert";
    static final String UID = "a user id from 0 to 4294967294, each once";
    static final String OWN_ID = "a SPIFFE ID with a path, in the trust domain";
    static final String SECRET_NAME =
        "a name, not * nor one that begins with spiffe://, naming://, file-cert: or file-root:";
    static final String BUNDLE_FORM = "trusted-ca or spiffe-validator";
    static final String RATE = "off, N/s or N/s burst M, each from 1 to 100000";

    private Form() {}
  }

  private final String path;
  private final String expected;
  private final @Nullable String standard;
  private final @Nullable Range range;

  Key(String path, String expected) {
    this(path, expected, null, null);
  }

  Key(String path, String expected, String standard) {
    this(path, expected, standard, null);
  }

  Key(String path, Range range, String standard) {
    this(path, range.toString(), standard, range);
  }

  Key(String path, String expected, @Nullable String standard, @Nullable Range range) {
    this.path = path;
    this.expected = expected;
    this.standard = standard;
    this.range = range;
  }

  /** The keys that may stand directly under this one; {@code ""} is the file itself. */
  static List<Key> under(String section) {
    return Arrays.stream(values()).filter(key -> key.parent().equals(section)).toList();
  }

  /** From the top, dots between; a list's entries share the path, marked by {@code []}. */
  String path() {
    return path;
  }

  /** The last part, as it is written in the file. */
  String word() {
    String last = path.substring(path.lastIndexOf('.') + 1);
    return isList() ? last.substring(0, last.length() - 2) : last;
  }

  /** What may stand there, for messages and the reference. */
  String expected() {
    return expected;
  }

  /** What holds when the key is left out, as it would be written; empty: there is nothing. */
  Optional<String> standard() {
    return hasNoStandard() ? Optional.empty() : Optional.ofNullable(standard);
  }

  /** The reference's word for what happens when the key is left out. */
  String whenAbsent() {
    if (isSection()) {
      return "";
    }
    return standard == null ? "required" : standard;
  }

  /**
   * Reads a duration within the range of this key.
   *
   * @throws IllegalArgumentException if it is none, or out of range
   */
  Duration duration(String text) {
    Duration duration = Durations.parse(text);
    if (range != null && !range.contains(duration)) {
      throw new IllegalArgumentException(expected);
    }
    return duration;
  }

  /** Whether other keys stand under this one. */
  boolean isSection() {
    return expected.equals(Form.SECTION);
  }

  /** Whether this is a list of sections. */
  boolean isList() {
    return path.endsWith("[]");
  }

  private String parent() {
    return path.substring(0, Math.max(0, path.lastIndexOf('.')));
  }

  private boolean hasNoStandard() {
    return Default.ABSENT.equals(standard)
        || Default.ONE_OF_TWO.equals(standard)
        || Default.ONE_OF_THREE.equals(standard)
        || Default.SVID_MAX_LIFETIME.equals(standard)
        || Default.VAULT_METHOD.equals(standard)
        || Default.SDS_NAMES.equals(standard)
        || Default.ROOT_THIRD.equals(standard);
  }
}
