package io.signet.spiffe;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A trust bundle in the SPIFFE bundle format, a JWK Set (SPIFFE Trust Domain and Bundle, section 4;
 * X509-SVID, section 6; RFC 7517; RFC 7518, section 6).
 */
final class JwkSet {
  private static final String USE = "x509-svid";
  private static final Set<String> KEY_TYPES = Set.of("EC", "RSA");

  private static final List<Curve> CURVES =
      List.of(
          Curve.of("P-256", "secp256r1"),
          Curve.of("P-384", "secp384r1"),
          Curve.of("P-521", "secp521r1"));

  private JwkSet() {}

  static String write(TrustBundle bundle) {
    String keys = bundle.authorities().stream().map(JwkSet::jwk).collect(Collectors.joining(","));
    String hint =
        bundle
            .refreshHint()
            .map(every -> ",\"spiffe_refresh_hint\":" + every.toSeconds())
            .orElse("");
    // Not formatted: %d would write the digits of the machine's locale.
    return "{\"keys\":[" + keys + "],\"spiffe_sequence\":" + bundle.sequence() + hint + "}";
  }

  /** Refuses a key that {@link #write} could not name, and {@link #read} ignores. */
  static void requireWritable(PublicKey key) {
    var _ = parameters(key);
  }

  // SPIFFE-33, -54: x509-svid, no kid, one x5c, nothing that is not defined.
  private static String jwk(X509Certificate authority) {
    String x5c = Base64.getEncoder().encodeToString(Certificates.der(authority));
    return "{%s,%s,\"x5c\":[%s]}"
        .formatted(member("use", USE), parameters(authority.getPublicKey()), Json.quote(x5c));
  }

  private static String parameters(PublicKey key) {
    return switch (key) {
      case ECPublicKey ec -> parameters(ec);
      case RSAPublicKey rsa ->
          String.join(
              ",",
              member("kty", "RSA"),
              member("n", unsigned(rsa.getModulus())),
              member("e", unsigned(rsa.getPublicExponent())));
      default ->
          throw new IllegalArgumentException(
              "authority key: %s (expected: EC or RSA)".formatted(key.getAlgorithm()));
    };
  }

  private static String parameters(ECPublicKey key) {
    Curve curve = curve(key);
    return String.join(
        ",",
        member("kty", "EC"),
        member("crv", curve.name()),
        member("x", coordinate(key.getW().getAffineX(), curve.octets())),
        member("y", coordinate(key.getW().getAffineY(), curve.octets())));
  }

  private static Curve curve(ECPublicKey key) {
    return CURVES.stream()
        .filter(curve -> curve.carries(key))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "authority key: curve %s (expected: P-256, P-384 or P-521)"
                    .formatted(key.getParams())));
  }

  // RFC 7518, 6.2.1.2: a coordinate has the full length of the field, leading zeroes included.
  private static String coordinate(BigInteger value, int octets) {
    byte[] magnitude = magnitude(value);
    byte[] padded = new byte[octets];
    System.arraycopy(magnitude, 0, padded, octets - magnitude.length, magnitude.length);
    return base64Url(padded);
  }

  // RFC 7518, section 2: Base64urlUInt has no leading zero octet.
  private static String unsigned(BigInteger value) {
    return base64Url(magnitude(value));
  }

  private static byte[] magnitude(BigInteger value) {
    byte[] signed = value.toByteArray();
    return signed[0] == 0 ? Arrays.copyOfRange(signed, 1, signed.length) : signed;
  }

  private static String base64Url(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static String member(String name, String value) {
    return Json.quote(name) + ":" + Json.quote(value);
  }

  static TrustBundle read(TrustDomain trustDomain, String json) {
    if (!(Json.parse(json) instanceof Json.Obj(var members))) {
      throw refused("not an object", "an object");
    }
    if (!(members.get("keys") instanceof Json.Arr(var keys))) {
      throw refused("no array \"keys\"", "an array, which may be empty"); // SPIFFE-51
    }
    return new TrustBundle(
        trustDomain,
        integer(members, "spiffe_sequence").orElse(0L),
        authorities(keys),
        integer(members, "spiffe_refresh_hint").map(Duration::ofSeconds));
  }

  private static List<X509Certificate> authorities(List<Json> keys) {
    var authorities = new ArrayList<X509Certificate>();
    for (Json key : keys) {
      if (!(key instanceof Json.Obj(var jwk))) {
        throw refused("a key that is no object", "JWKs");
      }
      if (isX509Authority(jwk)) {
        x5c(jwk).map(JwkSet::certificate).filter(JwkSet::isNameable).ifPresent(authorities::add);
      }
    }
    return authorities;
  }

  // SPIFFE-52, -53: what we do not know is not ours; both names are case-sensitive.
  private static boolean isX509Authority(Map<String, Json> jwk) {
    return jwk.get("use") instanceof Json.Str(var use)
        && use.equals(USE)
        && jwk.get("kty") instanceof Json.Str(var kty)
        && KEY_TYPES.contains(kty)
        && isKnownCurve(jwk.get("crv"));
  }

  // An unknown curve is as an unknown kty. Where none is named, the certificate has it.
  private static boolean isKnownCurve(@Nullable Json crv) {
    return !(crv instanceof Json.Str(var name))
        || CURVES.stream().anyMatch(curve -> curve.name().equals(name));
  }

  private static boolean isNameable(X509Certificate authority) {
    return switch (authority.getPublicKey()) {
      case ECPublicKey ec -> CURVES.stream().anyMatch(curve -> curve.carries(ec));
      case RSAPublicKey _ -> true;
      default -> false;
    };
  }

  // SPIFFE-34, -35: absent or empty is ignored, and only the first value counts.
  private static Optional<String> x5c(Map<String, Json> jwk) {
    return switch (jwk.get("x5c")) {
      case null -> Optional.empty();
      case Json.Arr(var values) when values.isEmpty() -> Optional.empty();
      case Json.Arr(var values) when values.getFirst() instanceof Json.Str(var first) ->
          Optional.of(first);
      default -> throw refused("malformed \"x5c\"", "an array of strings");
    };
  }

  private static X509Certificate certificate(String base64) {
    try {
      return Certificates.parse(Base64.getDecoder().decode(base64));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "JWK Set: \"x5c\" %s: %s".formatted(Shown.text(base64), e.getMessage()), e);
    }
  }

  private static Optional<Long> integer(Map<String, Json> members, String name) {
    return switch (members.get(name)) {
      case null -> Optional.empty();
      case Json.Num(var number) -> Optional.of(integer(name, number));
      default -> throw refused("malformed \"" + name + '"', "an integer");
    };
  }

  private static long integer(String name, BigDecimal number) {
    try {
      return number.longValueExact();
    } catch (ArithmeticException e) {
      throw refused("\"%s\" %s".formatted(name, number), "an integer of 64 bits");
    }
  }

  private static IllegalArgumentException refused(String found, String expected) {
    return new IllegalArgumentException("JWK Set: %s (expected: %s)".formatted(found, expected));
  }

  /**
   * A curve under the name JWK gives it. Compared by its numbers, because the name a key gives its
   * curve depends on the security provider.
   */
  private record Curve(String name, ECParameterSpec parameters) {
    static Curve of(String name, String standardName) {
      try {
        var named = AlgorithmParameters.getInstance("EC");
        named.init(new ECGenParameterSpec(standardName));
        return new Curve(name, named.getParameterSpec(ECParameterSpec.class));
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("the JDK lacks curve " + standardName, e);
      }
    }

    boolean carries(ECPublicKey key) {
      ECParameterSpec other = key.getParams();
      return parameters.getCurve().equals(other.getCurve())
          && parameters.getGenerator().equals(other.getGenerator())
          && parameters.getOrder().equals(other.getOrder());
    }

    int octets() {
      return (parameters.getCurve().getField().getFieldSize() + Byte.SIZE - 1) / Byte.SIZE;
    }
  }
}
