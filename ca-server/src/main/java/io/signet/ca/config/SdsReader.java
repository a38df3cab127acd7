package io.signet.ca.config;

import io.signet.ca.config.AttestationConfig.UnixCaller;
import io.signet.ca.config.FileProbe.Need;
import io.signet.ca.config.SdsNames.BundleForm;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads how secrets are served: the names of each listener, further sockets, who serves a host. */
final class SdsReader {
  private static final Pattern MODE = Pattern.compile("0?[0-7]{3}");
  private static final Pattern GROUP = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]*");

  // From the highest bit to the lowest, as the mode is written.
  private static final List<PosixFilePermission> BITS = List.of(PosixFilePermission.values());
  private static final List<Key> NAMES =
      List.of(Key.SDS_DEFAULT_SVID, Key.SDS_OWN_BUNDLE, Key.SDS_ALL_BUNDLES);

  private final Optional<TrustDomain> trustDomain;
  private final List<UnixCaller> everywhere;
  private final Set<Path> paths = new HashSet<>();
  private final Set<TrustDomain> federated = new HashSet<>();
  private boolean allAreKnown = true;
  private final Set<String> hosts = new HashSet<>();

  /**
   * @param trustDomain empty where it is a problem already
   * @param taken the path of {@code listen.sds-socket}
   * @param everywhere who is who on a socket that does not say so itself
   */
  SdsReader(Optional<TrustDomain> trustDomain, Optional<Path> taken, List<UnixCaller> everywhere) {
    this.trustDomain = trustDomain;
    this.everywhere = everywhere;
    taken.ifPresent(paths::add);
  }

  /** To be called before {@link #read}, which takes the identities of these trust domains too. */
  List<FederatedBundle> federation(Section file) {
    return file.list(Key.FEDERATION, this::federated);
  }

  private Optional<FederatedBundle> federated(Section in) {
    Optional<TrustDomain> other = in.value(Key.FEDERATION_TRUST_DOMAIN, this::otherDomain);
    allAreKnown &= other.isPresent();
    Optional<Path> bundle = in.file(Key.FEDERATION_BUNDLE_FILE, Need.READABLE);
    return in.complete(() -> new FederatedBundle(other.orElseThrow(), bundle.orElseThrow()));
  }

  private TrustDomain otherDomain(String text) {
    TrustDomain other = TrustDomain.parse(text);
    if (trustDomain.filter(other::equals).isPresent()) {
      throw new IllegalArgumentException(text);
    }
    return ConfigReader.unused(federated, other);
  }

  Optional<SdsConfig> read(Section file) {
    Section in = file.section(Key.SDS);
    Optional<SdsNames> names = names(in.section(Key.SDS_NAMES), Optional.empty());
    Optional<Duration> recheck = in.value(Key.SDS_RECHECK, Key.SDS_RECHECK::duration);
    List<SocketConfig> sockets = file.list(Key.SOCKETS, entry -> socket(entry, names));
    List<SecureName> secureNaming = file.list(Key.SECURE_NAMING, this::secureName);
    return in.complete(
        () -> new SdsConfig(names.orElseThrow(), recheck.orElseThrow(), sockets, secureNaming));
  }

  /**
   * @param base what holds where a name is left out; empty: what the catalogue says
   */
  private static Optional<SdsNames> names(Section in, Optional<SdsNames> base) {
    var svid = name(in, Key.SDS_DEFAULT_SVID, base.map(SdsNames::defaultSvid));
    var own = name(in, Key.SDS_OWN_BUNDLE, base.map(SdsNames::ownBundle));
    var all = name(in, Key.SDS_ALL_BUNDLES, base.map(SdsNames::allBundles));
    var form = either(in, Key.SDS_BUNDLE_FORM, SdsReader::form, base.map(SdsNames::form));
    if (svid.isPresent() && own.isPresent() && all.isPresent()) {
      requireDistinct(in, svid.get(), own.get(), all.get());
    }
    return in.complete(() ->
        new SdsNames(svid.orElseThrow(), own.orElseThrow(), all.orElseThrow(), form.orElseThrow()));
  }

  private static Optional<String> name(Section in, Key key, Optional<String> base) {
    return either(in, key, SdsReader::requireName, base);
  }

  private static <T> Optional<T> either(
      Section in, Key key, Function<String, T> parser, Optional<T> base) {
    return in.has(key) || base.isEmpty() ? in.value(key, parser) : base;
  }

  private static String requireName(String text) {
    if (!SdsNames.isName(text)) {
      throw new IllegalArgumentException(text);
    }
    return text;
  }

  private static BundleForm form(String text) {
    return switch (text) {
      case "trusted-ca" -> BundleForm.TRUSTED_CA;
      case "spiffe-validator" -> BundleForm.SPIFFE_VALIDATOR;
      default -> throw new IllegalArgumentException(text);
    };
  }

  // Told at a name that stands here: what it collides with may stand elsewhere, or nowhere.
  private static void requireDistinct(Section in, String svid, String own, String all) {
    if (!SdsNames.areDistinct(svid, own, all)) {
      NAMES.stream()
          .filter(in::has)
          .filter(key -> key != Key.SDS_OWN_BUNDLE || own.equals(svid))
          .findFirst()
          .ifPresent(key -> in.refuse(key, svid, SdsNames.DISTINCT));
    }
  }

  private Optional<SocketConfig> socket(Section in, Optional<SdsNames> base) {
    Optional<Path> path = path(in);
    Optional<Set<PosixFilePermission>> mode = in.value(Key.SOCKETS_MODE, SdsReader::mode);
    Optional<String> group = in.optional(Key.SOCKETS_GROUP, SdsReader::group);
    List<UnixCaller> unix =
        in.has(Key.SOCKETS_UNIX)
            ? ConfigReader.unixCallers(in, Key.SOCKETS_UNIX, trustDomain)
            : everywhere;
    Optional<SdsNames> names = names(in.section(Key.SOCKETS_NAMES), base);
    return in.complete(() ->
        new SocketConfig(path.orElseThrow(), mode.orElseThrow(), group, unix, names.orElseThrow()));
  }

  private Optional<Path> path(Section in) {
    Optional<Path> path = in.file(Key.SOCKETS_PATH, Need.NOTHING);
    path.filter(found -> ConfigReader.isTooLong(found) || !paths.add(found))
        .ifPresent(found -> in.refuse(Key.SOCKETS_PATH, found.toString()));
    return path;
  }

  private static Set<PosixFilePermission> mode(String text) {
    if (!MODE.matcher(text).matches()) {
      throw new IllegalArgumentException(text);
    }
    int bits = Integer.parseInt(text, 8);
    Set<PosixFilePermission> mode = EnumSet.noneOf(PosixFilePermission.class);
    for (int i = 0; i < BITS.size(); i++) {
      if ((bits >> (BITS.size() - 1 - i) & 1) == 1) {
        mode.add(BITS.get(i));
      }
    }
    if (!SocketConfig.isOpen(mode)) {
      throw new IllegalArgumentException(text);
    }
    return mode;
  }

  private static String group(String text) {
    if (!GROUP.matcher(text).matches()) {
      throw new IllegalArgumentException(text);
    }
    return text;
  }

  private Optional<SecureName> secureName(Section in) {
    List<String> named = atLeastOne(in, Key.SECURE_NAMING_HOSTS, this::host);
    Set<SpiffeId> listed = new HashSet<>();
    List<SpiffeId> ids =
        atLeastOne(in, Key.SECURE_NAMING_IDS, text -> ConfigReader.unused(listed, id(text)));
    return in.complete(() -> new SecureName(named, ids));
  }

  private static <T> List<T> atLeastOne(Section in, Key key, Function<String, T> parser) {
    if (!in.has(key)) {
      in.refuse(key, "missing");
    } else if (in.isEmptyList(key)) {
      in.refuse(key, "none");
    }
    return in.values(key, parser);
  }

  private String host(String text) {
    if (!ServingName.isDns(text) || !text.equals(text.toLowerCase(Locale.ROOT))) {
      throw new IllegalArgumentException(text);
    }
    return ConfigReader.unused(hosts, text);
  }

  private SpiffeId id(String text) {
    SpiffeId id = SpiffeId.parse(text);
    if (!id.hasPath() || !isOfKnown(id)) {
      throw new IllegalArgumentException(text);
    }
    return id;
  }

  // Where a trust domain is a problem already, an identity of it shall not be another.
  private boolean isOfKnown(SpiffeId id) {
    return !allAreKnown
        || trustDomain.isEmpty()
        || Stream.concat(trustDomain.stream(), federated.stream()).anyMatch(id::memberOf);
  }
}
