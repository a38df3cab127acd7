package io.signet.ca.cli;

import io.signet.ca.config.ConfigException;
import io.signet.ca.config.ListenConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code signet serve}. */
@Command(name = "serve", description = "Serves until told to stop; everything comes from one file.")
final class ServeCommand implements Callable<Integer> {
  private final ServerStarter starter;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private ConfigOption config = new ConfigOption();

  ServeCommand(ServerStarter starter) {
    this.starter = starter;
  }

  @Override
  public Integer call() throws ConfigException, IOException, StartException, InterruptedException {
    Serving.untilTheEnd(starter.start(config.load(), Optional.of(config.file())), this::announce);
    return 0;
  }

  private void announce(ListenConfig listening) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(Serving.readyLine(listening));
    out.flush();
  }
}
