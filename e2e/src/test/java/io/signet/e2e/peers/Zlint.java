package io.signet.e2e.peers;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The linter of certificates of ZMap; only with the lints that are not for the public web. */
public final class Zlint {

  private static final String SOURCES = "RFC3279,RFC5280,RFC5480,RFC5891,RFC8813";
  private static final Pattern RESULT =
      Pattern.compile("\"(\\w+)\":\\{\"result\":\"([^\"]+)\"[^}]*}");
  private static final Set<String> GOOD = Set.of("pass", "NA", "NE");

  private Zlint() {}

  /**
   * The lints that say anything but "pass" of a certificate, "not applicable" and "not effective"
   * left out.
   *
   * @param pem the file of one certificate
   * @throws IOException if the linter cannot read it
   */
  public static Set<String> findings(Path pem) throws IOException {
    String said =
        Command.run(
            List.of(Peers.require("zlint").toString(), "-includeSources", SOURCES, pem.toString()));
    List<MatchResult> results = RESULT.matcher(said).results().toList();
    if (results.stream().noneMatch(result -> result.group(2).equals("pass"))) {
      throw new IOException("no lint has passed: " + said);
    }
    return results.stream()
        .filter(result -> !GOOD.contains(result.group(2)))
        .map(result -> result.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
