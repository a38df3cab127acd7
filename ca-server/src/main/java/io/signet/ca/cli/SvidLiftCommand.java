package io.signet.ca.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.signet.ca.config.ConfigException;
import io.signet.spiffe.SpiffeId;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code signet svid lift}. */
@Command(
    name = "lift",
    description = {
      "Lets an identity have certificates again that was revoked. Those that were revoked stay so."
    })
final class SvidLiftCommand implements Callable<Integer> {

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private AdminOptions server = new AdminOptions();

  @Parameters(paramLabel = "IDENTITY", description = "a SPIFFE ID")
  private Optional<SpiffeId> identity = Optional.empty();

  @Override
  public Integer call()
      throws IOException, ConfigException, CommandException, InterruptedException {
    JsonNode answer =
        server
            .administrator()
            .post("/v1/revocations/lift", Map.of("identity", identity.orElseThrow().toString()));
    PrintWriter out = spec.commandLine().getOut();
    out.println("lifted " + answer.path("lifted").asText());
    out.flush();
    return 0;
  }
}
