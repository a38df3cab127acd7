package io.signet.ca.cli;

import io.signet.ca.cli.ReceivedSecret.Bundle;
import io.signet.ca.cli.ReceivedSecret.Identity;
import io.signet.ca.cli.ReceivedSecret.Roots;
import io.signet.ca.cli.ReceivedSecret.Tickets;
import java.security.cert.X509Certificate;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What is told of secrets: everything but private keys. */
final class SecretReport {
  private SecretReport() {}

  /** One line a certificate, under headings. */
  static Table table(Collection<ReceivedSecret> secrets) {
    var table = new Table().row("NAME", "SPIFFE ID", "SERIAL", "NOT AFTER", "ISSUER", "ROOTS");
    for (ReceivedSecret secret : secrets) {
      switch (secret) {
        case Identity identity -> table.row(row(identity));
        case Roots roots ->
            roots
                .bundles()
                .forEach(
                    bundle -> bundle.roots().forEach(root -> table.row(row(roots, bundle, root))));
        case Tickets tickets ->
            table.row(tickets.name(), "-", tickets.keys() + " keys", "-", "-", "-");
      }
    }
    return table;
  }

  /** The same for machines, with the certificates as PEM. */
  static List<Map<String, Object>> fields(Collection<ReceivedSecret> secrets) {
    return secrets.stream().map(SecretReport::fields).toList();
  }

  private static String[] row(Identity identity) {
    X509Certificate leaf = identity.leaf();
    return new String[] {
      identity.name(),
      identity.spiffeId().orElse("-"),
      serial(leaf),
      notAfter(leaf),
      issuer(leaf),
      "-"
    };
  }

  private static String[] row(Roots roots, Bundle bundle, X509Certificate root) {
    return new String[] {
      roots.name(),
      bundle.trustDomain().isEmpty() ? "-" : "spiffe://" + bundle.trustDomain(),
      serial(root),
      notAfter(root),
      issuer(root),
      String.valueOf(bundle.roots().size())
    };
  }

  private static Map<String, Object> fields(ReceivedSecret secret) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("name", secret.name());
    switch (secret) {
      case Identity identity -> {
        fields.put("spiffe-id", identity.spiffeId().orElse(""));
        fields.putAll(fields(identity.leaf()));
        fields.put("chain", identity.chainPem());
      }
      case Roots(_, var bundles, _) when isOfOneDomain(bundles) ->
          fields.putAll(fields(bundles.getFirst()));
      case Roots roots ->
          fields.put("bundles", roots.bundles().stream().map(SecretReport::ofDomain).toList());
      case Tickets tickets -> fields.put("keys", tickets.keys());
    }
    if (secret instanceof Roots roots && !roots.peers().isEmpty()) {
      fields.put("peers", roots.peers());
    }
    return fields;
  }

  private static boolean isOfOneDomain(List<Bundle> bundles) {
    return bundles.size() == 1 && bundles.getFirst().trustDomain().isEmpty();
  }

  private static Map<String, Object> ofDomain(Bundle bundle) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("trust-domain", bundle.trustDomain());
    fields.putAll(fields(bundle));
    return fields;
  }

  private static Map<String, Object> fields(Bundle bundle) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("roots", bundle.roots().stream().map(SecretReport::fields).toList());
    fields.put("bundle", bundle.pem());
    return fields;
  }

  private static Map<String, Object> fields(X509Certificate certificate) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("serial", serial(certificate));
    fields.put("not-after", notAfter(certificate));
    fields.put("issuer", issuer(certificate));
    return fields;
  }

  // As our own logs write it, two digits an octet; a foreign root may have one that we would not.
  private static String serial(X509Certificate certificate) {
    String digits = certificate.getSerialNumber().toString(16);
    return digits.length() % 2 == 0 ? digits : "0" + digits;
  }

  private static String notAfter(X509Certificate certificate) {
    return certificate.getNotAfter().toInstant().truncatedTo(ChronoUnit.SECONDS).toString();
  }

  private static String issuer(X509Certificate certificate) {
    return certificate.getIssuerX500Principal().getName();
  }
}
