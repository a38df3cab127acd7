package io.signet.ca.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.signet.ca.config.ConfigException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code signet svid revoked}. */
@Command(
    name = "revoked",
    description = {
      "Says what is revoked, whether the CRL of its authority names it, who is denied, and whether",
      "proxies get the CRLs: all (of each CA), nothing (nothing revoked is still valid), or withheld",
      "(a CRL is missing, so that proxies would refuse others too)."
    })
final class SvidRevokedCommand implements Callable<Integer> {

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private AdminOptions server = new AdminOptions();

  @Option(
      names = OutputFormat.OPTION,
      paramLabel = OutputFormat.LABEL,
      defaultValue = OutputFormat.DEFAULT,
      description = OutputFormat.DESCRIPTION)
  private OutputFormat output = OutputFormat.TABLE;

  @Override
  public Integer call()
      throws IOException, ConfigException, CommandException, InterruptedException {
    JsonNode answer = server.anybody().get("/v1/revocations");
    PrintWriter out = spec.commandLine().getOut();
    out.println(output == OutputFormat.JSON ? answer : table(answer));
    out.flush();
    return 0;
  }

  private static String table(JsonNode answer) {
    Table table =
        new Table()
            .row("SERIAL", "IDENTITY", "REASON", "AT", "BY", "EXPIRES", "LISTED", "AUTHORITY");
    for (JsonNode each : answer.path("revoked")) {
      table.row(
          text(each, "serial"),
          text(each, "id"),
          text(each, "reason"),
          text(each, "at"),
          text(each, "by"),
          text(each, "not-after"),
          text(each, "listed"),
          text(each, "authority"));
    }
    StringBuilder said = new StringBuilder(table.toString());
    for (JsonNode each : answer.path("denied")) {
      said.append(
          "%ndenied %s: %s by %s at %s"
              .formatted(
                  text(each, "id"), text(each, "reason"), text(each, "by"), text(each, "at")));
    }
    said.append("%ndelivered to proxies: %s".formatted(text(answer, "delivered")));
    if (answer.has("withheld")) {
      said.append(", " + text(answer, "withheld"));
    }
    answer.path("problems").forEach(problem -> said.append("%n%s".formatted(line(problem))));
    return said.toString();
  }

  private static String text(JsonNode of, String member) {
    return line(of.path(member));
  }

  // Some of it are the words of others.
  private static String line(JsonNode text) {
    return text.asText().replaceAll("[^ -~]", "?");
  }
}
