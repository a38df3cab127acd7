package io.signet.e2e;

import io.signet.e2e.peers.Command;
import io.signet.e2e.peers.Openssl;
import io.signet.e2e.peers.Peers;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509CertificateHolder;

/**
 * What a parser says a certificate says (DIFF-1); two parsers that agree give equal readings.
 *
 * @param issuer in the form of RFC 2253
 * @param subject likewise; empty where it has none
 * @param names as {@code URI:...}, {@code DNS:...} and {@code IP:...}
 * @param usage the names of RFC 5280 in lower case, without spaces
 */
record Reading(
    BigInteger serial,
    String issuer,
    String subject,
    Instant notBefore,
    Instant notAfter,
    Set<String> names,
    Set<String> usage,
    boolean authority) {

  private static final List<String> USAGES =
      List.of(
          "digitalsignature",
          "nonrepudiation",
          "keyencipherment",
          "dataencipherment",
          "keyagreement",
          "certificatesigning",
          "crlsigning");
  private static final Map<Integer, String> KINDS = Map.of(2, "DNS:", 6, "URI:", 7, "IP:");
  private static final Pattern NAME =
      Pattern.compile("(URI|DNS ?name|DNS|IP ?Address): ?\"?([^\\s\",]+)");

  /** What each parser reads, by the parser's name; whoever refuses it fails the test. */
  static Map<String, Reading> byAll(X509Certificate certificate, Path folder) throws Exception {
    Path file = folder.resolve("certificate.pem");
    Files.writeString(file, io.signet.spiffe.Pem.encode(List.of(certificate)));
    Map<String, Reading> readings = new LinkedHashMap<>();
    readings.put("the JDK", jdk(certificate));
    readings.put("Bouncy Castle", bouncyCastle(certificate.getEncoded()));
    readings.put("OpenSSL", openssl(file));
    readings.put("GnuTLS", gnutls(file));
    readings.put("NSS", nss(file, Files.createTempDirectory(folder, "nss")));
    return readings;
  }

  private static Reading jdk(X509Certificate read) throws CertificateParsingException {
    boolean[] bits = read.getKeyUsage();
    Collection<List<?>> names =
        Optional.ofNullable(read.getSubjectAlternativeNames()).orElse(List.of());
    return new Reading(
        read.getSerialNumber(),
        read.getIssuerX500Principal().getName(),
        read.getSubjectX500Principal().getName(),
        read.getNotBefore().toInstant(),
        read.getNotAfter().toInstant(),
        set(names.stream().map(n -> KINDS.get((Integer) n.getFirst()) + canonical(n.getLast()))),
        set(IntStream.range(0, USAGES.size()).filter(bit -> bits[bit]).mapToObj(USAGES::get)),
        read.getBasicConstraints() >= 0);
  }

  private static Reading bouncyCastle(byte[] der) throws IOException {
    var read = new X509CertificateHolder(der);
    Extensions all = read.getExtensions();
    GeneralNames names = GeneralNames.fromExtensions(all, Extension.subjectAlternativeName);
    KeyUsage usage = KeyUsage.fromExtensions(all);
    return new Reading(
        read.getSerialNumber(),
        rfc2253(read.getIssuer()),
        rfc2253(read.getSubject()),
        read.getNotBefore().toInstant(),
        read.getNotAfter().toInstant(),
        set(Stream.of(names.getNames()).map(Reading::shown)),
        set(
            IntStream.range(0, USAGES.size())
                .filter(bit -> usage.hasUsages(1 << (7 - bit)))
                .mapToObj(USAGES::get)),
        BasicConstraints.fromExtensions(all).isCA());
  }

  // Bouncy Castle's own form has the parts in the order in which they are encoded.
  private static String rfc2253(X500Name name) {
    return String.join(",", List.of(name.toString().split(",")).reversed());
  }

  private static String shown(GeneralName name) {
    Object value = name.getName();
    if (name.getTagNo() != GeneralName.iPAddress) {
      return KINDS.get(name.getTagNo()) + value;
    }
    try {
      byte[] octets = org.bouncycastle.asn1.ASN1OctetString.getInstance(value).getOctets();
      return "IP:" + InetAddress.getByAddress(octets).getHostAddress();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Reading openssl(Path file) throws IOException {
    String text =
        Openssl.run("x509", "-noout", "-text", "-nameopt", "RFC2253", "-in", file.toString());
    String serial = Openssl.run("x509", "-noout", "-serial", "-in", file.toString());
    var date = dates("MMM ppd HH:mm:ss uuuu 'GMT'");
    return new Reading(
        hex(only(serial, "serial=([0-9A-F]+)")),
        only(text, "Issuer:(.*)"),
        only(text, "Subject:(.*)"),
        date.parse(only(text, "Not Before ?: (.+)"), Instant::from),
        date.parse(only(text, "Not After ?: (.+)"), Instant::from),
        names(only(text, "Subject Alternative Name:.*\\n(.*)")),
        usages(only(text, "X509v3 Key Usage:.*\\n(.*)").split(", ")),
        only(text, "CA:(TRUE|FALSE)").equals("TRUE"));
  }

  private static Reading gnutls(Path file) throws IOException {
    String text =
        Command.run(
            List.of(
                Peers.require("certtool").toString(), "--certificate-info", "--infile=" + file));
    var date = dates("EEE MMM dd HH:mm:ss 'UTC' uuuu");
    return new Reading(
        hex(only(text, "Serial Number \\(hex\\): ([0-9a-f]+)")),
        only(text, "Issuer:(.*)"),
        only(text, "Subject:(.*)"),
        date.parse(only(text, "Not Before: (.+)"), Instant::from),
        date.parse(only(text, "Not After: (.+)"), Instant::from),
        names(only(text, "Subject Alternative Name \\(.*\\):\\n((?:\\t\\t\\t.*\\n)*)")),
        usages(only(text, "Key Usage \\(.*\\):\\n((?:\\t\\t\\t.*\\n)*)").split("\\n")),
        only(text, "Certificate Authority \\(CA\\): (TRUE|FALSE)").equals("TRUE"));
  }

  private static Reading nss(Path file, Path database) throws IOException {
    String[] where = {"-d", "sql:" + database};
    certutil(where, "-N", "--empty-password");
    certutil(where, "-A", "-n", "it", "-t", ",,", "-i", file.toString());
    String text = certutil(where, "-L", "-n", "it");
    var date = dates("EEE MMM dd HH:mm:ss uuuu");
    return new Reading(
        nssSerial(text),
        nssName(text, "Issuer"),
        nssName(text, "Subject"),
        date.parse(only(text, "Not Before ?: (.+)"), Instant::from),
        date.parse(only(text, "Not After ?: (.+)"), Instant::from),
        names(only(text, "(?s)Name: Certificate Subject Alt Name\\n(.*?)\\n\\n")),
        usages(only(text, "(?s)Usages: (.*?)\\n\\n").split("\\n")),
        only(text, "Data: Is (not a|a) CA").equals("a"));
  }

  // A short one stands in its line, a long one below it in pairs.
  private static BigInteger nssSerial(String text) {
    return hex(
        only(text, "Serial Number:(?: \\d+ \\(0x([0-9a-f]+)\\)|\\s+((?:[0-9a-f]{2}:?\\s*)+))"));
  }

  private static String nssName(String text, String which) {
    String name = only(text, which + ": \"(.*)\"");
    return name.equals("(empty)") ? "" : name;
  }

  private static String certutil(String[] where, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(Peers.require("certutil").toString()));
    command.addAll(List.of(arguments));
    command.addAll(List.of(where));
    return Command.run(command);
  }

  private static String only(String text, String pattern) {
    Matcher found = Pattern.compile(pattern).matcher(text);
    if (!found.find()) {
      throw new AssertionError("no " + pattern + " in\n" + text);
    }
    return Stream.iterate(1, group -> group + 1)
        .map(found::group)
        .filter(java.util.Objects::nonNull)
        .findFirst()
        .orElseThrow()
        .strip();
  }

  private static BigInteger hex(String digits) {
    return new BigInteger(digits.replaceAll("[^0-9A-Fa-f]", ""), 16);
  }

  private static Set<String> names(String text) {
    return set(NAME.matcher(text).results().map(Reading::name));
  }

  private static String name(MatchResult found) {
    String kind = found.group(1).substring(0, found.group(1).startsWith("IP") ? 2 : 3);
    return kind + ':' + canonical(found.group(2));
  }

  // Each parser has its own way to write an address.
  private static String canonical(Object name) {
    try {
      return InetAddress.ofLiteral(name.toString()).getHostAddress();
    } catch (IllegalArgumentException noAddress) {
      return name.toString();
    }
  }

  private static Set<String> usages(String... names) {
    return set(
        Stream.of(names)
            .map(name -> name.strip().toLowerCase(Locale.ROOT).replaceAll("[ .]", ""))
            .map(name -> name.equals("certificatesign") ? "certificatesigning" : name)
            .map(name -> name.equals("crlsign") ? "crlsigning" : name));
  }

  private static DateTimeFormatter dates(String pattern) {
    return DateTimeFormatter.ofPattern(pattern, Locale.ROOT).withZone(ZoneOffset.UTC);
  }

  private static Set<String> set(Stream<String> texts) {
    return texts.collect(Collectors.toCollection(TreeSet::new));
  }
}
