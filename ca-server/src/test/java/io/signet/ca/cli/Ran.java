package io.signet.ca.cli;

import io.signet.ca.config.ListenConfig;
import io.signet.ca.config.SignetConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A command that was run, and what it said. */
record Ran(int exit, String out, String err) {

  /**
   * Starts nothing but makes the data folder, and remembers what it was asked to start; its server
   * ends at once.
   */
  static final class FakeStarter implements ServerStarter {
    final AtomicReference<@Nullable SignetConfig> started = new AtomicReference<>();
    private @Nullable StartException failure;
    private Runnable whileServing = () -> {};

    void failWith(@Nullable StartException e) {
      failure = e;
    }

    void whileServing(Runnable action) {
      whileServing = action;
    }

    @Override
    public RunningServer start(SignetConfig config, Optional<Path> file) throws StartException {
      if (failure != null) {
        throw failure;
      }
      started.set(config);
      makeFolder(config.dataDir());
      return new RunningServer() {
        @Override
        public ListenConfig listening() {
          return config.listen();
        }

        @Override
        public void awaitTermination() {
          whileServing.run();
        }

        @Override
        public void close() {}
      };
    }
  }

  private static void makeFolder(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Ran signet(String... arguments) {
    return signet(new FakeStarter(), arguments);
  }

  static Ran signet(ServerStarter starter, String... arguments) {
    return signet(starter, new FakeCustody(), arguments);
  }

  static Ran signet(Custody custody, String... arguments) {
    return signet(new FakeStarter(), custody, arguments);
  }

  static Ran signet(CaOffice office, String typed, String... arguments) {
    return signet(new FakeStarter(), new FakeCustody(), office, typed, arguments);
  }

  private static Ran signet(ServerStarter starter, Custody custody, String... arguments) {
    return signet(starter, custody, new FakeCaOffice(), "", arguments);
  }

  private static Ran signet(
      ServerStarter starter, Custody custody, CaOffice office, String typed, String... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    int exit =
        new SignetCommand(starter, custody, office, Clock.systemUTC())
            .reading(new StringReader(typed))
            .writingTo(new PrintWriter(out, true), new PrintWriter(err, true))
            .run(arguments);
    return new Ran(exit, out.toString(), err.toString());
  }
}
