package io.signet.ca.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.signet.ca.config.ConfigException;
import io.signet.ca.x509.RevocationReason;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code signet svid revoke}. */
@Command(
    name = "revoke",
    description = {
      "Revokes a certificate by its serial number; or an identity: all its certificates that are",
      "still valid, and nobody gets one for it again until signet svid lift; or, with --authority,",
      "an issuing authority and all that it has signed."
    })
final class SvidRevokeCommand implements Callable<Integer> {

  private static final String SCHEME = "spiffe://";

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private AdminOptions server = new AdminOptions();

  @Parameters(
      arity = "0..1",
      paramLabel = "SERIAL|IDENTITY",
      description = "a serial number in hexadecimal digits, or a SPIFFE ID")
  private Optional<String> what = Optional.empty();

  @Option(
      names = "--authority",
      paramLabel = "KEYID",
      description = "the beginning of an issuing authority's key identifier, in hexadecimal digits")
  private Optional<String> authority = Optional.empty();

  @Option(
      names = "--reason",
      required = true,
      paramLabel = "REASON",
      description =
          "unspecified, key-compromise, ca-compromise, affiliation-changed, superseded,"
              + " cessation-of-operation or privilege-withdrawn")
  private String reason = "";

  @Override
  public Integer call()
      throws IOException, ConfigException, CommandException, InterruptedException {
    if (what.isPresent() == authority.isPresent()) {
      throw usage("expected: one of SERIAL, IDENTITY and --authority");
    }
    if (RevocationReason.named(reason).isEmpty()) {
      throw usage("--reason %s (expected: one of %s)".formatted(reason, RevocationReason.labels()));
    }
    JsonNode answer =
        server
            .administrator()
            .post("/v1/revocations/revoke", Map.of(kind(), named(), "reason", reason));
    PrintWriter out = spec.commandLine().getOut();
    out.println(said(answer));
    out.flush();
    return 0;
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private String kind() {
    if (authority.isPresent()) {
      return "authority";
    }
    return named().startsWith(SCHEME) ? "identity" : "serial";
  }

  private String named() {
    return authority.or(() -> what).orElseThrow();
  }

  private static String said(JsonNode answer) {
    StringBuilder said = new StringBuilder();
    for (JsonNode each : answer.path("revoked")) {
      said.append(
          "revoked %s of %s%n".formatted(each.path("serial").asText(), each.path("id").asText()));
    }
    if (answer.has("denied")) {
      said.append("denied %s until it is lifted%n".formatted(answer.path("denied").asText()));
    }
    long unlisted = answer.path("unlisted").asLong();
    if (unlisted > 0) {
      said.append(
          ("%d of them in no CRL yet: another replica signs it within seconds; if that replica is"
                  + " gone, revoke its authority (signet svid revoked shows it, --authority)%n")
              .formatted(unlisted));
    }
    return said.isEmpty() ? "nothing was left to revoke" : said.toString().stripTrailing();
  }
}
