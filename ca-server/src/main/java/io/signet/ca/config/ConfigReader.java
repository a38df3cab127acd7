package io.signet.ca.config;

import io.signet.attestation.ServiceAccountName;
import io.signet.attestation.TrustedUrl;
import io.signet.ca.authorization.Rule;
import io.signet.ca.config.AttestationConfig.Jwks;
import io.signet.ca.config.AttestationConfig.JwtIssuer;
import io.signet.ca.config.AttestationConfig.KubernetesCluster;
import io.signet.ca.config.AttestationConfig.Review;
import io.signet.ca.config.AttestationConfig.UnixCaller;
import io.signet.ca.config.FileProbe.Need;
import io.signet.ca.config.KeysConfig.Custodian;
import io.signet.ca.config.KeysConfig.FileCustodian;
import io.signet.ca.config.KeysConfig.FileEncryption;
import io.signet.ca.config.KeysConfig.FileEncryption.ByKeyFile;
import io.signet.ca.config.KeysConfig.FileEncryption.ByPassphrase;
import io.signet.ca.config.KeysConfig.Issuing;
import io.signet.ca.config.KeysConfig.MemoryCustodian;
import io.signet.ca.config.KeysConfig.Pkcs11Custodian;
import io.signet.ca.config.KeysConfig.VaultCustodian;
import io.signet.ca.config.LimitsConfig.Rate;
import io.signet.ca.config.YamlNode.Mapping;
import io.signet.hsm.KeyAlgorithm;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads a configuration file into records, section by section, and tells all problems together. */
final class ConfigReader {
  private static final long LAST_UID = 0xFFFF_FFFEL;

  private static final String OFF = "off";
  private static final Pattern RATE = Pattern.compile("([0-9]{1,6})/s(?: burst ([0-9]{1,6}))?");
  private static final int HIGHEST_RATE = 100_000;
  private static final int MOST_CONCURRENT = 10_000;

  // The kernel's limit for the name of a Unix socket is 108 bytes with the zero at the end.
  private static final int LONGEST_SOCKET_PATH = 107;

  private static final Pattern PER_SECOND = Pattern.compile("(1000000|[1-9][0-9]{0,5})/s");

  private enum CustodianKind {
    FILE,
    PKCS11,
    VAULT,
    MEMORY
  }

  private final Problems problems;

  private ConfigReader(Problems problems) {
    this.problems = problems;
  }

  static SignetConfig load(Path path) throws ConfigException {
    Path absolute = path.toAbsolutePath().normalize();
    return parse(textOf(absolute), absolute.resolveSibling(""), FileProbe.onDisk());
  }

  static SignetConfig parse(String text, Path folder, FileProbe probe) throws ConfigException {
    var problems = new Problems();
    return read(text, folder, probe, problems, new ConfigReader(problems)::config);
  }

  static CeremonyConfig loadCeremony(Path path) throws ConfigException {
    Path absolute = path.toAbsolutePath().normalize();
    return read(
        textOf(absolute),
        absolute.resolveSibling(""),
        FileProbe.onDisk(),
        new Problems(),
        ConfigReader::ceremony);
  }

  private static <T> T read(
      String text,
      Path folder,
      FileProbe probe,
      Problems problems,
      Function<Section, Optional<T>> reader)
      throws ConfigException {
    Mapping tree = YamlReader.read(text, problems);
    problems.throwIfAny(); // a tree with holes would only add misleading problems
    new KeyCheck(problems).check(tree);
    var file = new Section.File(folder, probe, problems);
    Optional<T> config = reader.apply(new Section(file, "", tree));
    problems.throwIfAny();
    return config.orElseThrow();
  }

  private static String textOf(Path path) throws ConfigException {
    try {
      return Files.readString(path, StandardCharsets.UTF_8);
    } catch (CharacterCodingException e) {
      throw unreadable(path, "bytes that are not UTF-8");
    } catch (IOException e) {
      throw unreadable(path, Files.exists(path) ? "not readable" : "no such file");
    }
  }

  private static ConfigException unreadable(Path path, String found) {
    return new ConfigException(List.of(Problem.of(path.toString(), found, "a readable YAML file")));
  }

  private Optional<SignetConfig> config(Section in) {
    if (in.has(Key.CEREMONY)) {
      in.refuse(Key.CEREMONY, "not of a server", "the key left out, or signet ceremony");
    }
    Optional<TrustDomain> trustDomain = in.value(Key.TRUST_DOMAIN, TrustDomain::parse);
    Optional<ListenConfig> listen = listen(in.section(Key.LISTEN));
    List<String> names = servingNames(in);
    Optional<KeysConfig> keys = keys(in.section(Key.KEYS));
    Optional<AuthorityConfig> authority = AuthorityReader.read(in.section(Key.AUTHORITY));
    Optional<RotationConfig> rotation = rotation(in.section(Key.ROTATION), authority);
    Optional<SvidConfig> svid = svid(in.section(Key.SVID));
    Optional<AttestationConfig> attestation = attestation(in.section(Key.ATTESTATION), trustDomain);
    List<Rule> rules = new EntitlementReader(trustDomain, svid, names).read(in);
    SdsReader secrets = sdsReader(trustDomain, listen, attestation);
    List<FederatedBundle> federation = secrets.federation(in);
    Optional<SdsConfig> sds = secrets.read(in);
    Optional<SinksConfig> sinks = sinks(in.section(Key.SINKS));
    Optional<AdminConfig> admin = admin(in, listen, trustDomain);
    Optional<LimitsConfig> limits = limits(in.section(Key.LIMITS));
    Optional<LedgerConfig> ledger = ledger(in.section(Key.LEDGER));
    Optional<StoreConfig> store = StoreReader.read(in);
    Optional<Path> dataDir = in.file(Key.DATA_DIR, Need.FOLDER);
    checkTogether(keys, authority, svid, rules);
    return in.complete(() ->
        new SignetConfig(
            trustDomain.orElseThrow(),
            listen.orElseThrow(),
            names,
            keys.orElseThrow(),
            authority.orElseThrow(),
            rotation.orElseThrow(),
            svid.orElseThrow(),
            attestation.orElseThrow(),
            rules,
            sds.orElseThrow(),
            federation,
            sinks.orElseThrow(),
            admin.orElseThrow(),
            limits.orElseThrow(),
            ledger.orElseThrow(),
            store,
            dataDir.orElseThrow()));
  }

  private static SdsReader sdsReader(
      Optional<TrustDomain> trustDomain,
      Optional<ListenConfig> listen,
      Optional<AttestationConfig> attestation) {
    return new SdsReader(
        trustDomain,
        listen.flatMap(ListenConfig::sdsSocket),
        attestation.map(AttestationConfig::unix).orElse(List.of()));
  }

  private static Optional<CeremonyConfig> ceremony(Section in) {
    Set<Key> known = EnumSet.of(Key.TRUST_DOMAIN, Key.KEYS, Key.CEREMONY);
    Key.under("").stream()
        .filter(key -> in.has(key) && !known.contains(key))
        .forEach(key -> in.refuse(key, "not of a ceremony", "the key left out"));
    Optional<TrustDomain> domain = in.value(Key.TRUST_DOMAIN, TrustDomain::parse);
    Optional<KeysConfig> keys = keys(in.section(Key.KEYS));
    Section ceremony = in.section(Key.CEREMONY);
    Optional<Path> root = ceremony.file(Key.CEREMONY_ROOT_FILE, Need.NOTHING);
    var rootLifetime =
        ceremony.value(Key.CEREMONY_ROOT_LIFETIME, Key.CEREMONY_ROOT_LIFETIME::duration);
    Optional<Path> request = ceremony.file(Key.CEREMONY_REQUEST_FILE, Need.NOTHING);
    Optional<Path> certificate = ceremony.file(Key.CEREMONY_CERTIFICATE_FILE, Need.NOTHING);
    var lifetime = ceremony.value(Key.CEREMONY_LIFETIME, Key.CEREMONY_LIFETIME::duration);
    Optional<Integer> below = ceremony.value(Key.CEREMONY_PATH_LENGTH, ConfigReader::zeroOrOne);
    Optional<Path> transcript = ceremony.file(Key.CEREMONY_TRANSCRIPT_FILE, Need.NOTHING);
    return in.complete(() ->
        new CeremonyConfig(
            domain.orElseThrow(),
            keys.orElseThrow(),
            root.orElseThrow(),
            rootLifetime.orElseThrow(),
            request.orElseThrow(),
            certificate.orElseThrow(),
            lifetime.orElseThrow(),
            below.orElseThrow(),
            transcript.orElseThrow()));
  }

  private static int zeroOrOne(String text) {
    return switch (text) {
      case "0" -> 0;
      case "1" -> 1;
      default -> throw new IllegalArgumentException(text);
    };
  }

  private static Optional<ListenConfig> listen(Section in) {
    Optional<Address> workload = in.value(Key.LISTEN_WORKLOAD, Address::parse);
    Optional<Path> socket = socket(in);
    Optional<Address> rest = in.optional(Key.LISTEN_SDS_REST, Address::parse);
    Optional<Address> operator = in.value(Key.LISTEN_OPERATOR, Address::parse);
    Optional<Address> admin = in.optional(Key.LISTEN_ADMIN, Address::parse);
    return in.complete(() ->
        new ListenConfig(workload.orElseThrow(), socket, rest, operator.orElseThrow(), admin));
  }

  private Optional<AdminConfig> admin(
      Section file, Optional<ListenConfig> listen, Optional<TrustDomain> trustDomain) {
    Section in = file.section(Key.ADMIN);
    Optional<Path> token = in.optionalFile(Key.ADMIN_TOKEN_FILE, Need.PRIVATE);
    Set<SpiffeId> used = new HashSet<>();
    List<SpiffeId> ids = in.values(Key.ADMIN_IDS, text -> administrator(text, used, trustDomain));
    if (listen.isPresent()) {
      requireTogether(in, listen.get().admin());
    }
    return in.complete(() -> new AdminConfig(token, ids));
  }

  private static SpiffeId administrator(
      String text, Set<SpiffeId> used, Optional<TrustDomain> trustDomain) {
    SpiffeId id = unused(used, SpiffeId.parse(text));
    if (!id.hasPath() || trustDomain.filter(ours -> !id.memberOf(ours)).isPresent()) {
      throw new IllegalArgumentException(text);
    }
    return id;
  }

  // A certificate is shown in TLS; and a listener where nobody can do anything is a mistake.
  private void requireTogether(Section in, Optional<Address> listener) {
    if (listener.isEmpty() && in.has(Key.ADMIN_IDS)) {
      in.refuse(
          Key.ADMIN_IDS,
          "no address where certificates are taken",
          Key.LISTEN_ADMIN.path() + " too, or the key left out");
    }
    boolean noIds = !in.has(Key.ADMIN_IDS) || in.isEmptyList(Key.ADMIN_IDS);
    if (listener.isPresent() && noIds && !in.has(Key.ADMIN_TOKEN_FILE)) {
      problems.add(
          Key.LISTEN_ADMIN.path(),
          "nobody who may administrate",
          "admin.ids or admin.token-file too, or the key left out");
    }
  }

  private static Optional<Path> socket(Section in) {
    Optional<Path> socket = in.optionalFile(Key.LISTEN_SDS_SOCKET, Need.NOTHING);
    socket
        .filter(ConfigReader::isTooLong)
        .ifPresent(path -> in.refuse(Key.LISTEN_SDS_SOCKET, path.toString()));
    return socket;
  }

  /** Whether no Unix socket can be there. */
  static boolean isTooLong(Path socket) {
    return socket.toString().getBytes(StandardCharsets.UTF_8).length > LONGEST_SOCKET_PATH;
  }

  private static List<String> servingNames(Section in) {
    if (!in.has(Key.SERVING_NAMES)) {
      in.refuse(Key.SERVING_NAMES, "missing");
      return List.of();
    }
    List<String> names = in.texts(Key.SERVING_NAMES);
    names.stream()
        .filter(name -> !ServingName.isValid(name))
        .forEach(name -> in.refuse(Key.SERVING_NAMES, name));
    return names;
  }

  private static Optional<KeysConfig> keys(Section in) {
    Optional<Custodian> custodian =
        in.value(Key.KEYS_CUSTODIAN, ConfigReader::custodianKind)
            .flatMap(kind -> custodian(in, kind));
    Optional<KeyAlgorithm> algorithm =
        in.value(
            Key.KEYS_ALGORITHM,
            name -> KeyAlgorithm.named(name).orElseThrow(() -> new IllegalArgumentException(name)));
    Optional<Issuing> issuing = in.value(Key.KEYS_ISSUING, ConfigReader::issuing);
    return in.complete(() ->
        new KeysConfig(custodian.orElseThrow(), algorithm.orElseThrow(), issuing.orElseThrow()));
  }

  private static Issuing issuing(String text) {
    return switch (text) {
      case "memory" -> Issuing.MEMORY;
      case "custodian" -> Issuing.CUSTODIAN;
      case "root" -> Issuing.ROOT;
      default -> throw new IllegalArgumentException(text);
    };
  }

  private static CustodianKind custodianKind(String text) {
    return switch (text) {
      case "file" -> CustodianKind.FILE;
      case "pkcs11" -> CustodianKind.PKCS11;
      case "vault" -> CustodianKind.VAULT;
      case "memory" -> CustodianKind.MEMORY;
      default -> throw new IllegalArgumentException(text);
    };
  }

  private static Optional<Custodian> custodian(Section in, CustodianKind kind) {
    Set<Key> others = EnumSet.of(Key.KEYS_FILE, Key.KEYS_PKCS11, Key.KEYS_VAULT);
    Optional<Custodian> custodian =
        switch (kind) {
          case FILE -> {
            others.remove(Key.KEYS_FILE);
            yield fileCustodian(in.section(Key.KEYS_FILE));
          }
          case PKCS11 -> {
            others.remove(Key.KEYS_PKCS11);
            yield pkcs11Custodian(in.section(Key.KEYS_PKCS11));
          }
          case VAULT -> {
            others.remove(Key.KEYS_VAULT);
            yield VaultReader.read(in.section(Key.KEYS_VAULT), Key.KEYS_VAULT_MOUNT)
                .map(VaultCustodian::new);
          }
          case MEMORY -> Optional.of(new MemoryCustodian());
        };
    others.stream()
        .filter(in::has)
        .forEach(key -> in.refuse(key, "not used by this custodian", "the key left out"));
    return custodian;
  }

  private static Optional<Custodian> fileCustodian(Section in) {
    Optional<Path> path = in.file(Key.KEYS_FILE_PATH, Need.FOLDER);
    Optional<FileEncryption> encryption = fileEncryption(in);
    return in.complete(() -> new FileCustodian(path.orElseThrow(), encryption.orElseThrow()));
  }

  private static Optional<FileEncryption> fileEncryption(Section in) {
    if (!in.has(Key.KEYS_FILE_KEY_FILE)) {
      return in.secret(Key.KEYS_FILE_PASSPHRASE, Key.KEYS_FILE_PASSPHRASE_FILE)
          .map(ByPassphrase::new);
    }
    for (Key other : List.of(Key.KEYS_FILE_PASSPHRASE, Key.KEYS_FILE_PASSPHRASE_FILE)) {
      if (in.has(other)) {
        in.refuse(other, "a second secret beside key-file", "only one of the three");
      }
    }
    return in.file(Key.KEYS_FILE_KEY_FILE, Need.PRIVATE).map(ByKeyFile::new);
  }

  private static Optional<Custodian> pkcs11Custodian(Section in) {
    Optional<Path> library = in.file(Key.KEYS_PKCS11_LIBRARY, Need.READABLE);
    Optional<String> token = in.value(Key.KEYS_PKCS11_TOKEN, text -> text);
    Optional<String> serial = in.optional(Key.KEYS_PKCS11_SERIAL, text -> text);
    Optional<SecretPlace> pin = in.secret(Key.KEYS_PKCS11_PIN, Key.KEYS_PKCS11_PIN_FILE);
    return in.complete(() ->
        new Pkcs11Custodian(library.orElseThrow(), token.orElseThrow(), serial, pin.orElseThrow()));
  }

  private static Optional<SvidConfig> svid(Section in) {
    var standard = in.value(Key.SVID_DEFAULT_LIFETIME, Key.SVID_DEFAULT_LIFETIME::duration);
    var most = in.value(Key.SVID_MAX_LIFETIME, Key.SVID_MAX_LIFETIME::duration);
    return in.complete(() -> new SvidConfig(standard.orElseThrow(), most.orElseThrow()));
  }

  private Optional<RotationConfig> rotation(Section in, Optional<AuthorityConfig> authority) {
    Optional<Boolean> approval = in.value(Key.ROTATION_POLICY, ConfigReader::approval);
    var before = in.optional(Key.ROTATION_START_BEFORE, ConfigReader::startBefore);
    var deadline = in.value(Key.ROTATION_DEADLINE, Key.ROTATION_DEADLINE::duration);
    var window = in.value(Key.ROTATION_WINDOW, Key.ROTATION_WINDOW::duration);
    var hurry =
        in.value(Key.ROTATION_COMPROMISED_DEADLINE, Key.ROTATION_COMPROMISED_DEADLINE::duration);
    Optional<Boolean> destroy = in.value(Key.ROTATION_OLD_KEY, ConfigReader::destroy);
    Optional<RotationConfig> rotation =
        in.complete(() ->
            new RotationConfig(
                approval.orElseThrow(),
                before.orElseGet(() -> authority.map(ConfigReader::partOfRoot)),
                deadline.orElseThrow(),
                window.orElseThrow(),
                hurry.orElseThrow(),
                destroy.orElseThrow()));
    if (rotation.isPresent() && authority.isPresent()) {
      problems.check(() -> rotation.get().requireWithin(authority.get()));
    }
    return rotation;
  }

  private static Duration partOfRoot(AuthorityConfig authority) {
    return authority.rootLifetime().dividedBy(RotationConfig.PART_OF_ROOT);
  }

  private static boolean approval(String text) {
    return switch (text) {
      case "automatic" -> false;
      case "approve" -> true;
      default -> throw new IllegalArgumentException(text);
    };
  }

  private static Optional<Duration> startBefore(String text) {
    return text.equals(OFF) ? Optional.empty() : Optional.of(Durations.parse(text));
  }

  private static boolean destroy(String text) {
    return switch (text) {
      case "destroy" -> true;
      case "keep" -> false;
      default -> throw new IllegalArgumentException(text);
    };
  }

  private void checkTogether(
      Optional<KeysConfig> keys,
      Optional<AuthorityConfig> authority,
      Optional<SvidConfig> svid,
      List<Rule> rules) {
    if (keys.isPresent() && authority.isPresent()) {
      problems.check(() -> keys.get().requireFor(authority.get().root()));
      problems.check(() -> keys.get().requireFor(authority.get().root(), rules));
    }
    if (authority.isPresent() && svid.isPresent()) {
      problems.check(() -> svid.get().requireWithin(authority.get()));
    }
  }

  private Optional<AttestationConfig> attestation(Section in, Optional<TrustDomain> trustDomain) {
    Set<String> clusters = new HashSet<>();
    List<KubernetesCluster> kubernetes =
        in.list(Key.ATTESTATION_KUBERNETES, entry -> kubernetes(entry, clusters));
    List<UnixCaller> unix = unixCallers(in, Key.ATTESTATION_UNIX, trustDomain);
    Set<String> issuers = new HashSet<>();
    List<JwtIssuer> jwt = in.list(Key.ATTESTATION_JWT, entry -> jwt(entry, issuers));
    if (kubernetes.stream().filter(cluster -> cluster.kubeconfig().isEmpty()).count() > 1) {
      in.refuse(
          Key.ATTESTATION_KUBERNETES,
          "several clusters without kubeconfig",
          "one at most, the one that Signet runs in");
    }
    Optional<Boolean> certificate =
        in.value(Key.ATTESTATION_CLIENT_CERTIFICATE, ConfigReader::onOrOff);
    return in.complete(
        () -> new AttestationConfig(kubernetes, unix, jwt, certificate.orElseThrow()));
  }

  private static Optional<KubernetesCluster> kubernetes(Section in, Set<String> used) {
    Optional<String> cluster = in.value(Key.KUBERNETES_CLUSTER, text -> unused(used, text));
    List<String> aliases = in.texts(Key.KUBERNETES_ALIASES);
    aliases.stream()
        .filter(alias -> !used.add(alias))
        .forEach(alias -> in.refuse(Key.KUBERNETES_ALIASES, alias + " again"));
    Optional<Path> kubeconfig = in.optionalFile(Key.KUBERNETES_KUBECONFIG, Need.READABLE);
    Optional<String> audience = in.value(Key.KUBERNETES_AUDIENCE, text -> text);
    Optional<Review> review = in.value(Key.KUBERNETES_REVIEW, ConfigReader::review);
    Optional<OptionalInt> rate = in.value(Key.KUBERNETES_REVIEW_RATE, ConfigReader::perSecond);
    List<ServiceAccountName> nodeAccounts = nodeAccounts(in);
    return in.complete(() ->
        new KubernetesCluster(
            cluster.orElseThrow(),
            aliases,
            kubeconfig,
            audience.orElseThrow(),
            review.orElseThrow(),
            rate.orElseThrow(),
            nodeAccounts));
  }

  private static Review review(String text) {
    return switch (text) {
      case "api" -> Review.API;
      case "local" -> Review.LOCAL;
      default -> throw new IllegalArgumentException(text);
    };
  }

  /** {@code 2000/s} or {@code off}. */
  private static OptionalInt perSecond(String text) {
    if (text.equals("off")) {
      return OptionalInt.empty();
    }
    Matcher rate = PER_SECOND.matcher(text);
    if (!rate.matches()) {
      throw new IllegalArgumentException(text);
    }
    return OptionalInt.of(Integer.parseInt(rate.group(1)));
  }

  private static List<ServiceAccountName> nodeAccounts(Section in) {
    List<ServiceAccountName> accounts = new ArrayList<>();
    for (String text : in.texts(Key.KUBERNETES_TRUSTED_NODE_ACCOUNTS)) {
      try {
        accounts.add(nodeAccount(text));
      } catch (IllegalArgumentException e) {
        in.refuse(Key.KUBERNETES_TRUSTED_NODE_ACCOUNTS, text);
      }
    }
    return accounts;
  }

  private static ServiceAccountName nodeAccount(String text) {
    String[] names = text.split("/", -1);
    if (names.length != 2) {
      throw new IllegalArgumentException(text);
    }
    return new ServiceAccountName(names[0], names[1]);
  }

  /** Reads a list of those who are known by their user id. */
  static List<UnixCaller> unixCallers(Section in, Key list, Optional<TrustDomain> trustDomain) {
    Set<Long> uids = new HashSet<>();
    return in.list(list, entry -> unix(entry, uids, trustDomain));
  }

  private static Optional<UnixCaller> unix(
      Section in, Set<Long> uids, Optional<TrustDomain> trustDomain) {
    Optional<Long> uid = in.value(Key.UNIX_UID, text -> unused(uids, uid(text)));
    Optional<SpiffeId> id =
        in.value(Key.UNIX_ID, SpiffeId::parse).filter(found -> isInside(in, found, trustDomain));
    return in.complete(() -> new UnixCaller(uid.orElseThrow(), id.orElseThrow()));
  }

  private static long uid(String text) {
    long uid = Long.parseLong(text);
    if (uid < 0 || uid > LAST_UID) {
      throw new IllegalArgumentException(text);
    }
    return uid;
  }

  private static boolean isInside(Section in, SpiffeId id, Optional<TrustDomain> trustDomain) {
    boolean inside = id.hasPath() && trustDomain.map(id::memberOf).orElse(true);
    if (!inside) {
      in.refuse(Key.UNIX_ID, id.toString());
    }
    return inside;
  }

  private static Optional<JwtIssuer> jwt(Section in, Set<String> issuers) {
    Optional<String> issuer = in.value(Key.JWT_ISSUER, text -> unused(issuers, text));
    Optional<String> audience = in.value(Key.JWT_AUDIENCE, text -> text);
    Optional<Jwks> jwks = jwks(in, issuer);
    return in.complete(
        () -> new JwtIssuer(issuer.orElseThrow(), audience.orElseThrow(), jwks.orElseThrow()));
  }

  private static Optional<Jwks> jwks(Section in, Optional<String> issuer) {
    Optional<Path> caFile = in.optionalFile(Key.JWT_CA_FILE, Need.READABLE);
    if (in.has(Key.JWT_JWKS_FILE)) {
      refuseBesideFile(in, Key.JWT_JWKS_URL);
      refuseBesideFile(in, Key.JWT_CA_FILE);
      return in.file(Key.JWT_JWKS_FILE, Need.READABLE).map(Jwks.InFile::new);
    }
    if (in.has(Key.JWT_JWKS_URL)) {
      return in.value(Key.JWT_JWKS_URL, TrustedUrl::parse).map(url -> new Jwks.AtUrl(url, caFile));
    }
    requireAddress(in, issuer);
    return Optional.of(new Jwks.Discovered(caFile));
  }

  private static void refuseBesideFile(Section in, Key key) {
    if (in.has(key)) {
      in.refuse(key, "not used with jwks-file", "the key left out");
    }
  }

  private static void requireAddress(Section in, Optional<String> issuer) {
    if (issuer.isPresent() && !TrustedUrl.isTrusted(issuer.get())) {
      in.refuse(
          Key.JWT_JWKS_FILE,
          "missing",
          "this, or jwks-url, or an issuer that is " + TrustedUrl.FORM);
    }
  }

  static boolean onOrOff(String text) {
    return switch (text) {
      case "on" -> true;
      case "off" -> false;
      default -> throw new IllegalArgumentException(text);
    };
  }

  private static Optional<SinksConfig> sinks(Section in) {
    Optional<Path> bundleFile = in.optionalFile(Key.SINKS_BUNDLE_FILE, Need.NOTHING);
    return in.complete(() -> new SinksConfig(bundleFile));
  }

  private static Optional<LimitsConfig> limits(Section in) {
    Optional<Optional<Rate>> perIdentity = in.value(Key.LIMITS_PER_IDENTITY, ConfigReader::rate);
    Optional<Optional<Rate>> perAddress = in.value(Key.LIMITS_PER_ADDRESS, ConfigReader::rate);
    Optional<OptionalInt> concurrent = in.value(Key.LIMITS_CONCURRENT, ConfigReader::concurrent);
    return in.complete(() ->
        new LimitsConfig(
            perIdentity.orElseThrow(), perAddress.orElseThrow(), concurrent.orElseThrow()));
  }

  private static Optional<Rate> rate(String text) {
    if (text.equals(OFF)) {
      return Optional.empty();
    }
    Matcher form = RATE.matcher(text);
    if (!form.matches()) {
      throw new IllegalArgumentException(text);
    }
    String burst = form.group(2) == null ? form.group(1) : form.group(2);
    return Optional.of(new Rate(upTo(HIGHEST_RATE, form.group(1)), upTo(HIGHEST_RATE, burst)));
  }

  private static OptionalInt concurrent(String text) {
    return text.equals(OFF) ? OptionalInt.empty() : OptionalInt.of(upTo(MOST_CONCURRENT, text));
  }

  private static int upTo(int most, String text) {
    int number = Integer.parseInt(text);
    if (number < 1 || number > most) {
      throw new IllegalArgumentException(text);
    }
    return number;
  }

  private static Optional<LedgerConfig> ledger(Section in) {
    var retention = in.value(Key.LEDGER_RETENTION, Key.LEDGER_RETENTION::duration);
    return in.complete(() -> new LedgerConfig(retention.orElseThrow()));
  }

  static <T> T unused(Set<T> used, T value) {
    if (!used.add(value)) {
      throw new IllegalArgumentException(value + " again");
    }
    return value;
  }
}
